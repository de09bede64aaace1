from __future__ import annotations

import json

from minisets.core.controller.controller_state import Revision, Status
from minisets.core.controller.set_status import parse_status, status_to_data, to_revisions
from minisets.core.network.addresses import Block
from minisets.core.records.set_record import (
    AppliedFrom,
    ObjectRecord,
    RevisionEntry,
    SetRecord,
    parse_object,
    parse_set,
    to_data,
)

FULL = SetRecord(
    object={"kind": "StatefulSet"},
    last_applied={"kind": "StatefulSet"},
    uid="u1",
    generation=3,
    created=1.5,
    revisions=(RevisionEntry(name="web-a", number=1, template="{}", change_cause="why"),),
    status={"replicas": 1},
    blocks=(Block(first_ordinal=0, count=32, offset=2),),
    claim_owners={"www-web-0": ("Pod/web-0@c0",)},
    ready_since={"c0": 2.5},
    aliases={"c0": "hash"},
    used_claims=("www-web-0",),
    foreign_claims=("www-web-1",),
    is_stopped=True,
    deletion="foreground",
    applied_from=AppliedFrom(path="a.yaml", time=9.0),
)


def test_a_record_is_read_as_it_was_written():
    assert parse_set(json.loads(json.dumps(to_data(FULL)))) == FULL


def test_plain_data_stays_the_same_when_written_again():
    data = to_data(FULL)
    assert to_data(parse_set(data)) == data


def test_a_record_is_written_with_the_apis_spelling_and_without_defaults():
    assert to_data(SetRecord(object={}, uid="u1", is_stopped=True)) == {
        "object": {},
        "uid": "u1",
        "isStopped": True,
    }


def test_what_an_older_version_did_not_write_has_its_default():
    found = parse_set({"object": {}, "uid": "u1"})
    assert (found.generation, found.blocks, found.applied_from) == (1, (), AppliedFrom())


def test_what_is_not_known_is_passed_over():
    assert parse_set({"object": {}, "uid": "u1", "future": 1}).uid == "u1"


def test_another_object_is_read_as_it_was_written():
    record = ObjectRecord(object={"a": [1]}, uid="u2", last_applied={"a": [1]}, created=1.0)
    assert parse_object(to_data(record)) == record


def test_a_status_is_read_as_it_was_written():
    status = Status(
        observed_generation=1,
        replicas=2,
        ready_replicas=3,
        available_replicas=4,
        current_replicas=5,
        updated_replicas=6,
        current_revision="a",
        update_revision="b",
        collision_count=7,
    )
    assert parse_status(status_to_data(status)) == status
    assert status_to_data(status)["readyReplicas"] == 3
    assert parse_status(None) is None


def test_revisions_are_ordered_by_number_then_age_then_name():
    entries = (
        RevisionEntry(name="0", number=2, template="3", created=9.0),
        RevisionEntry(name="b", number=2, template="2", created=5.0),
        RevisionEntry(name="a", number=2, template="1", created=5.0),
        RevisionEntry(name="z", number=1, template="0", created=99.0),
    )
    assert to_revisions(entries) == tuple(
        Revision(name=name, number=number, template=text)
        for name, number, text in [("z", 1, "0"), ("a", 2, "1"), ("b", 2, "2"), ("0", 2, "3")]
    )
