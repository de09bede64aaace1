"""References to ConfigMaps and Secrets."""

from __future__ import annotations

import pytest

from minisets.core.records.configuration import Configuration, value_of
from minisets.errors import ReferenceMissing

KNOWN = Configuration(config_maps={"a": {"k": b"1"}}, secrets={"s": {"p": b"\x00"}})


def test_what_is_there_is_found():
    assert KNOWN.config_map("a") == {"k": b"1"}
    assert value_of(KNOWN.secret("s"), "secret", "s", "p", optional=False) == b"\x00"


def test_what_is_missing_is_told_with_the_command_that_makes_it():
    with pytest.raises(ReferenceMissing, match='configmap "b" not found') as caught:
        KNOWN.config_map("b")
    assert caught.value.hint == "minisets create configmap b --from-literal=KEY=VALUE"
    with pytest.raises(ReferenceMissing, match='secret "a" not found') as caught:
        KNOWN.secret("a")
    assert caught.value.hint == "minisets create secret generic a --from-literal=KEY=VALUE"
    with pytest.raises(ReferenceMissing, match='the configmap "a" has no key "z"'):
        value_of(KNOWN.config_map("a"), "configmap", "a", "z", optional=False)


def test_what_is_optional_may_be_missing():
    assert KNOWN.config_map("b", optional=True) == {}
    assert value_of({}, "configmap", "b", "k", optional=True) is None
