from __future__ import annotations

import base64
from typing import Any

from minisets.core.records.secret_record import (
    digest,
    fold,
    from_files,
    masked,
    opened,
    sealed,
    to_files,
    values_of,
)

KEY = b"k" * 16


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def a_secret(**more: Any) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": {"name": "s"}, **more}


def test_plain_text_becomes_data_and_wins():
    folded = fold(
        a_secret(data={"a": encoded("1"), "b": encoded("2")}, stringData={"b": "3", "c": "ä"})
    )
    assert "stringData" not in folded
    assert values_of(folded) == {"a": b"1", "b": b"3", "c": "ä".encode()}


def test_line_breaks_in_values_make_no_difference():
    text = encoded("a long value that is broken into lines")
    broken = f"{text[:20]}\n{text[20:]}\n"
    assert fold(a_secret(data={"k": broken})) == fold(a_secret(data={"k": text}))


def test_a_secret_without_data_stays_without():
    assert fold(a_secret()) == a_secret()
    assert sealed(a_secret()) == a_secret()
    assert values_of(a_secret()) == {}


def test_the_copy_that_kubectl_writes_goes():
    copied = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "x"}
    found = fold(a_secret(metadata={"name": "s", "annotations": copied}))
    assert found["metadata"] == {"name": "s", "annotations": {"mine": "x"}}


def test_sealing_hides_values_and_opening_brings_them_back():
    whole = a_secret(data={"a": encoded("1"), "b": ""})
    hidden = sealed(whole)
    assert hidden["data"] == {"a": "", "b": ""}
    assert opened(hidden, values_of(whole)) == whole


def test_lost_values_leave_nothing_to_keep_or_to_protect():
    found = opened(a_secret(data={"a": ""}, immutable=True), None)
    assert found == a_secret()


def test_the_digest_depends_on_key_names_and_values():
    values = {"a": b"1", "b": b"2"}
    same = digest(KEY, {"b": b"2", "a": b"1"})
    assert digest(KEY, values) == same
    others = [
        digest(b"other", values),
        digest(KEY, {"a": b"2", "b": b"1"}),
        digest(KEY, {"a": b"1"}),
        digest(KEY, {"a": b"1b", "": b"2"}),
        digest(KEY, {"a": b"1", "c": b"2"}),
    ]
    assert len({same, *others}) == 6


def test_files_are_read_only_if_they_are_those_of_the_record():
    values = {"a": b"1", "key": b"2"}
    files = to_files(KEY, values)
    assert from_files(files, digest(KEY, values)) == (KEY, values)
    assert from_files({**files, "data/a": b"x"}, digest(KEY, values)) is None
    assert from_files({}, digest(KEY, values)) is None


def test_the_eye_sees_that_and_not_what_has_changed():
    before = a_secret(data={"same": "YQ==", "other": "YQ==", "gone": "YQ=="})
    after = a_secret(data={"same": "YQ==", "other": "Yg==", "new": "Yg=="})
    old, new = masked(before, after)
    assert old["data"] == {"same": "***", "other": "*** (before)", "gone": "***"}
    assert new["data"] == {"same": "***", "other": "*** (after)", "new": "***"}
    assert masked({}, after)[0] == {}
