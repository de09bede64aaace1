from __future__ import annotations

from typing import Any

import pytest

from minisets.core.records.record import Record
from minisets.core.records.unreadable import find_unreadable

CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "a"},
    "provisioner": "minisets.dev/volume",
}


def record(data: dict[str, Any], kind: str = "StorageClass", namespace: str = "") -> Record:
    return Record(kind=kind, namespace=namespace, name="a", generation=1, nonce="n", data=data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"uid": "u"}, "missing required field `object`"),
        ({"uid": "u", "object": {**CLASS, "kind": "Pod"}}, "it holds a Pod"),
        ({"uid": "u", "object": {**CLASS, "metadata": 3}}, "metadata: Expected `object`"),
    ],
)
def test_a_record_that_cannot_be_read_says_why_and_how_to_remove_it(data, reason):
    (found,) = find_unreadable([record(data)])

    assert found.message.startswith("the record of storageclass/a cannot be read: ")
    assert reason in found.message
    assert found.remedy == "minisets delete storageclass a, then apply it again"
    assert found.message in found.skipped


def test_records_that_can_be_read_and_marks_of_our_own_are_fine():
    fine = [record({"uid": "u", "object": CLASS}), record({}, "OrphanedSet", "team")]

    assert find_unreadable(fine) == ()
