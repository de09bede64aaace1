from __future__ import annotations

from typing import Any

import pytest

from minisets.core import labels
from minisets.core.observed import VolumeSeen
from minisets.core.records.record import Record, newest, parse_record, to_labels
from minisets.errors import EngineError


def record(**more) -> Record:
    given: dict[str, Any] = {
        "kind": "StatefulSet",
        "namespace": "default",
        "name": "web",
        "generation": 3,
    }
    return Record(**given | {"nonce": "ab", "data": {"b": [1], "a": None}} | more)


def volume(one: Record) -> VolumeSeen:
    return VolumeSeen(name=one.volume, labels=to_labels(one))


def test_a_record_survives_the_way_through_labels():
    assert parse_record(volume(record())) == record()


def test_a_volume_is_named_by_kind_name_and_generation():
    assert record().volume == "minisets_default_statefulset_web.3"


def test_long_names_are_cut_and_stay_apart():
    one, other = record(name="x" * 250 + "a"), record(name="x" * 250 + "b")
    assert len(one.volume) < 128
    assert one.volume != other.volume
    assert one.volume.removesuffix(".3") == record(name=one.name, generation=4).volume[:-2]


def test_other_volumes_hold_no_record():
    assert parse_record(VolumeSeen(name="v", labels={"k": "v"})) is None
    claim = labels.base(labels.KIND_CLAIM, "default")
    assert parse_record(VolumeSeen(name="v", labels=claim)) is None


def test_the_highest_generation_is_the_truth():
    ten, nine = record(generation=10), record(generation=9)
    other = record(name="db")
    found = newest(volume(one) for one in (nine, ten, other, record()))
    assert found == {ten.key: ten, other.key: other}


def test_a_record_of_a_newer_minisets_is_refused():
    newer = to_labels(record()) | {labels.SCHEMA: str(labels.SCHEMA_NUMBER + 1)}
    with pytest.raises(EngineError, match="newer minisets"):
        parse_record(VolumeSeen(name="v", labels=newer))
