from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minisets.core import labels
from minisets.errors import EngineError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_what_is_packed_is_restored(value):
    assert labels.unpack(labels.pack(value)) == value


def test_equal_values_are_packed_alike():
    assert labels.pack({"a": 1, "b": 2}) == labels.pack({"b": 2, "a": 1})


def test_only_what_has_a_schema_is_ours():
    assert labels.is_ours(labels.base(labels.KIND_POD, "default"))
    assert not labels.is_ours({labels.NAMESPACE: "default"})


@pytest.mark.parametrize("number", [str(labels.SCHEMA_NUMBER + 1), "next"])
def test_a_newer_schema_is_refused_with_the_remedy(number):
    with pytest.raises(EngineError, match="newer minisets") as caught:
        labels.is_ours({labels.SCHEMA: number})
    assert "upgrade" in (caught.value.hint or "")


def test_label_keys_are_unique():
    values = [
        value
        for name, value in vars(labels).items()
        if isinstance(value, str) and "/" in value and name.isupper()
    ]
    assert len(values) == len(set(values)) > 20
