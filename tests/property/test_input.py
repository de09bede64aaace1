"""Whatever is given as input: a manifest, or a ManifestError; never anything else."""

import contextlib
import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from minisets.core.input.decode import decode, encode
from minisets.core.input.defaults import apply_defaults
from minisets.core.input.load import load
from minisets.core.input.merge import MERGE_KEYS, merge
from minisets.core.input.schema import load_schema, strip_nulls
from minisets.core.input.source import Document, Source
from minisets.core.quantity import format_quantity, parse_quantity
from minisets.engine.files import parse_manifests
from minisets.errors import ManifestError
from tests.unit.manifests import SERVICE, SET

FIELDS = sorted(
    {name for item in load_schema()["$defs"].values() for name in item.get("properties", {})}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["web", "1Gi", "Always", "80", "50%", "None", "apps/v1", "v1"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=15,
)
YAMLISH = st.lists(
    st.sampled_from(
        [
            "a",
            "b: ",
            "- ",
            "\n",
            "  ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            ": ",
            "&x ",
            "*x",
            "<<: ",
            "1",
            '"',
            "'",
            "|\n",
            "\t",
            "---\n",
            "!!str ",
            "? ",
            "#",
            "kind: List\n",
            "items:\n",
            "~",
        ]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)


def paths_of(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths_of(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_of(item, (*path, index))


@st.composite
def changed_manifests(draw):
    """A good manifest with a few values replaced, removed or added anywhere."""
    obj = copy.deepcopy(draw(st.sampled_from([SET, SERVICE])))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([path for path in paths_of(obj) if path]))
        target = obj
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = draw(JSON)
        if isinstance(target, dict) and draw(st.booleans()):
            target[draw(st.sampled_from(FIELDS))] = draw(JSON)
    return obj


def attempt(obj):
    """Load one object; None if it is refused, any other error escapes."""
    with contextlib.suppress(ManifestError):
        return load([Document(obj, Source())])
    return None


@given(YAMLISH)
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ManifestError):
        assert all(isinstance(found.obj, dict) for found in parse_manifests(text, "f.yaml"))


@given(changed_manifests())
@settings(max_examples=300)
def test_any_object_is_loaded_or_refused(obj):
    loaded = attempt(obj)
    for item in loaded.objects if loaded else ():
        assert decode(encode(item.value)) == item.value


@given(st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec"]), JSON))
def test_any_map_is_loaded_or_refused(obj):
    attempt(obj)


@given(changed_manifests())
def test_loading_changes_nothing_that_is_passed_in(obj):
    before = copy.deepcopy(obj)
    attempt(obj)
    assert obj == before


@st.composite
def live_supersets(draw):
    """An object, and a live one that holds all of it and more."""
    file = draw(st.sampled_from([SET, SERVICE]))
    live = {key: grow(draw, key, item) for key, item in file.items()}
    return file, live


def grow(draw, name, value):
    if isinstance(value, dict):
        live: dict[Any, Any] = {key: grow(draw, key, item) for key, item in value.items()}
        if draw(st.booleans()):
            live["onlyLive"] = draw(SCALARS)
        return live
    if isinstance(value, list) and name in MERGE_KEYS:
        items = [grow(draw, "", item) for item in value]
        if draw(st.booleans()):
            extra = dict.fromkeys(MERGE_KEYS[name], "injected")
            items.insert(draw(st.integers(0, len(items))), extra)
        return items
    return value


@given(live_supersets())
def test_applying_what_lives_already_changes_nothing(pair):
    file, live = pair
    assert merge(file, file, live) == live


@given(changed_manifests(), changed_manifests())
def test_a_first_apply_holds_all_that_the_file_says(file, live):
    merged = merge({}, file, live)
    assert merge(file, file, merged) == merged
    assert set(file) <= set(merged)


@given(changed_manifests())
def test_applying_another_file_and_the_first_again_comes_back(other):
    there = merge(SET, other, SET)
    assert merge(other, SET, there) == SET


@given(JSON)
def test_stripping_nulls_twice_is_as_once(value):
    assert strip_nulls(strip_nulls(value)) == strip_nulls(value)


@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from(["", "m", "k", "Mi", "Gi"]))
def test_the_canonical_form_of_a_quantity_means_the_same(number, suffix):
    text = f"{number:f}{suffix}"
    canonical = format_quantity(text)
    assert parse_quantity(canonical) == parse_quantity(text)
    assert format_quantity(canonical) == canonical


def test_defaults_of_the_examples_are_stable():
    for obj in (SET, SERVICE):
        assert apply_defaults(apply_defaults(obj)) == apply_defaults(obj)
