"""Expansion and precedence of variables, against rules that are told another way."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container, PodSpec
from minisets.core.pod.environment import PodFields, Surroundings, variables
from minisets.core.pod.expansion import expand
from minisets.core.records.configuration import Configuration

NAMES = st.sampled_from(["A", "B", "C", "a.b", "", "A)"])
PIECES = st.sampled_from(
    ["$", "$$", "(", ")", "$(", "$(A)", "$(B)", "$(a.b)", "x", "é", "\n", "A"]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)
POD = decode_as({"containers": [{"name": "c", "image": "i"}]}, PodSpec)
FIELDS = PodFields(
    name="web-0",
    namespace="default",
    uid="",
    pod_ip="",
    host_ip="",
    node_name="",
    service_account="",
    labels={},
    annotations={},
)


def _read_slowly(text: str, known: dict[str, str]) -> str:
    """Expand letter by letter, as the kubelet describes it."""
    out, rest = "", text
    while rest:
        letter, rest = rest[0], rest[1:]
        if letter == "$" and rest[:1] == "$":
            out, rest = out + "$", rest[1:]
        elif letter == "$" and rest[:1] == "(" and ")" in rest:
            name, _, rest = rest[1:].partition(")")
            out += known.get(name, f"$({name})")
        else:
            out += letter
    return out


def _variables(container: dict[str, Any], configuration: Configuration) -> dict[str, str]:
    return variables(
        decode_as({"name": "c", "image": "i", **container}, Container),
        Surroundings(pod=POD, fields=FIELDS, configuration=configuration),
    )


@given(TEXTS, st.dictionaries(NAMES, TEXTS))
def test_expansion_reads_from_left_to_right_once(text, known):
    assert expand(text, known) == _read_slowly(text, known)


@given(st.text(), st.dictionaries(st.text(max_size=3), st.text()))
def test_escaped_text_comes_out_as_it_was(text, known):
    assert expand(text.replace("$", "$$"), known) == text


@given(
    st.dictionaries(NAMES, TEXTS),
    st.dictionaries(NAMES, TEXTS),
    st.lists(st.tuples(NAMES.filter(bool), TEXTS), max_size=6),
)
def test_what_comes_later_wins_and_sees_only_what_came_before(first, second, own):
    configuration = Configuration(
        config_maps={"one": {key: value.encode() for key, value in first.items()}},
        secrets={"two": {key: value.encode() for key, value in second.items()}},
    )
    container = {
        "env": [{"name": name, "value": value} for name, value in own],
        "envFrom": [{"configMapRef": {"name": "one"}}, {"secretRef": {"name": "two"}}],
    }
    expected = {**first, **second}
    for name, value in own:
        expected[name] = _read_slowly(value, expected)
    assert _variables(container, configuration) == expected
