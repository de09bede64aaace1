from __future__ import annotations

from minisets.engine.docker_parse import (
    parse_disk_usage,
    parse_event,
    parse_volume,
    parse_volume_sizes,
)
from minisets.engine.docker_streams import lines


def test_lines_come_whole_however_the_stream_is_cut():
    assert list(lines([b"on", b"e\r\n\ntw", b"o\nthr", b"ee"])) == [b"one\r", b"two", b"three"]


def test_an_event_has_its_detail_apart_and_its_time_exactly():
    attributes = {"name": "web-0", "app": "web"}
    event = parse_event(
        {
            "Type": "container",
            "Action": "health_status: unhealthy",
            "Actor": {"ID": "abc", "Attributes": attributes},
            "time": 5,
            "timeNano": 5_500_000_000,
        }
    )
    assert (event.action, event.detail, event.time) == ("health_status", "unhealthy", 5.5)
    assert (event.type, event.id, event.name) == ("container", "abc", "web-0")
    assert event.attributes == attributes


def test_volumes_that_cannot_be_measured_are_left_out():
    rows = [
        {"Name": "a", "UsageData": {"Size": 7, "RefCount": 1}},
        {"Name": "b", "UsageData": {"Size": -1}},
        {"Name": "c"},
    ]
    assert parse_volume_sizes({"Volumes": rows}) == {"a": 7}
    assert parse_volume_sizes({"Volumes": None}) == {}


def test_disk_use_adds_up_what_there_is():
    body = {
        "LayersSize": 100,
        "Containers": [{"SizeRw": 3}, {}],
        "BuildCache": [{"Size": 4}, {"Size": 5}],
        "Volumes": [{"Name": "a", "UsageData": {"Size": 7}}],
    }
    found = parse_disk_usage(body)
    assert (found.images, found.containers, found.build_cache) == (100, 3, 9)
    assert found.volumes == {"a": 7}
    assert parse_disk_usage({"Containers": None, "Volumes": None, "BuildCache": None}).images == 0


def test_a_claim_is_as_old_as_its_label_says_not_as_its_last_file():
    body = {"Name": "data-web-0", "CreatedAt": "2027-01-15T09:30:00Z"}
    assert parse_volume(body).created == "2027-01-15T09:30:00Z"
    made = {"minisets.io/created": "2027-01-15T08:00:00Z"}
    assert parse_volume({**body, "Labels": made}).created == "2027-01-15T08:00:00Z"
