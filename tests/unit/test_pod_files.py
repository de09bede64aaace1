from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodSpec, Volume
from minisets.core.pod.environment import PodFields, Surroundings
from minisets.core.records.configuration import Configuration
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_files import has_files, references, volume_files
from minisets.errors import ReferenceMissing

CONFIGURATION = Configuration(
    config_maps={"app": {"a.conf": b"one", "b.conf": b"two", "raw": b"\xff"}},
    secrets={"key": {"password": b"hush"}},
)
FIELDS = PodFields(
    name="web-0",
    namespace="prod",
    uid="u1-0",
    pod_ip="10.0.0.2",
    host_ip="",
    node_name="",
    service_account="default",
    labels={"b": "2", "a": 'say "1"'},
    annotations={"note": "two\nlines\x01"},
)
POD = {"containers": [{"name": "app", "image": "i", "resources": {"limits": {"memory": "1Gi"}}}]}


def _around() -> Surroundings:
    return Surroundings(pod=decode_as(POD, PodSpec), fields=FIELDS, configuration=CONFIGURATION)


def _volume(**source: Any) -> Volume:
    return decode_as({"name": "one", **source}, Volume)


def _files(fs_group: int | None = None, **source: Any) -> dict[str, FileEntry]:
    found = volume_files(_volume(**source), _around(), fs_group=fs_group)
    return {entry.path: entry for entry in found}


def _contents(**source: Any) -> dict[str, bytes]:
    return {path: entry.content for path, entry in _files(**source).items()}


def test_without_items_every_key_is_a_file():
    assert _contents(configMap={"name": "app"}) == {
        "a.conf": b"one",
        "b.conf": b"two",
        "raw": b"\xff",
    }
    assert _contents(secret={"secretName": "key"}) == {"password": b"hush"}


def test_items_choose_keys_and_give_them_paths():
    items = [{"key": "b.conf", "path": "./etc//b"}]
    assert _contents(configMap={"name": "app", "items": items}) == {"etc/b": b"two"}


def test_modes_come_from_the_item_else_from_the_volume():
    items = [{"key": "a.conf", "path": "a", "mode": 0o400}, {"key": "b.conf", "path": "b"}]
    found = _files(configMap={"name": "app", "defaultMode": 0o755, "items": items})
    assert {path: entry.mode for path, entry in found.items()} == {"a": 0o400, "b": 0o755}
    assert _files(configMap={"name": "app"})["raw"].mode == 0o644


def test_with_fs_group_the_group_owns_and_reads_the_files():
    found = _files(fs_group=3000, secret={"secretName": "key", "defaultMode": 0o400})
    assert (found["password"].mode, found["password"].gid) == (0o440, 3000)


def test_users_come_from_the_item_else_from_the_volume():
    items = [{"key": "a.conf", "path": "a", "user": 7}, {"key": "b.conf", "path": "b"}]
    found = _files(configMap={"name": "app", "defaultUser": 5, "items": items})
    assert {path: entry.uid for path, entry in found.items()} == {"a": 7, "b": 5}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        (
            {"configMap": {"name": "app", "items": [{"key": "x", "path": "x"}]}},
            'the configmap "app" has no key "x"',
        ),
    ],
)
def test_what_is_not_there_is_an_error(source, message):
    with pytest.raises(ReferenceMissing, match=message):
        _files(**source)


@pytest.mark.parametrize(
    "source",
    [
        {"configMap": {"name": "none", "optional": True}},
        {
            "configMap": {
                "name": "app",
                "optional": True,
                "items": [{"key": "x", "path": "x"}],
            }
        },
        {"projected": {"sources": [{"secret": {"name": "none", "optional": True}}]}},
    ],
)
def test_what_is_optional_may_be_missing(source):
    assert _files(**source) == {}


def test_a_downward_volume_shows_fields_and_resources():
    items = [
        {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
        {"path": "b", "fieldRef": {"fieldPath": "metadata.labels['b']"}},
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "notes", "fieldRef": {"fieldPath": "metadata.annotations"}},
        {
            "path": "memory",
            "resourceFieldRef": {
                "containerName": "app",
                "resource": "limits.memory",
                "divisor": "1Mi",
            },
        },
    ]
    assert _contents(downwardAPI={"items": items}) == {
        "name": b"web-0",
        "b": b"2",
        "labels": b'a="say \\"1\\""\nb="2"',
        "notes": b'note="two\\nlines\\x01"',
        "memory": b"1024",
    }


def test_a_projected_volume_merges_its_sources_and_the_last_one_wins():
    sources = [
        {"configMap": {"name": "app", "items": [{"key": "a.conf", "path": "password"}]}},
        {"secret": {"name": "key"}},
        {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
        {"serviceAccountToken": {"path": "token"}},
    ]
    found = _files(projected={"sources": sources, "defaultMode": 0o600})
    assert {path: entry.content for path, entry in found.items()} == {
        "n": b"web-0",
        "password": b"hush",
    }
    assert {entry.mode for entry in found.values()} == {0o600}


def test_other_volumes_have_no_files():
    assert not has_files(_volume(emptyDir={}))
    assert _files(emptyDir={}) == {}
    assert has_files(_volume(projected={"sources": []}))


def test_secrets_are_not_shown_with_their_entries():
    assert "hush" not in repr(_files(secret={"secretName": "key"}))


def test_references_are_those_of_all_sources():
    volumes = [
        _volume(configMap={"name": "a"}),
        _volume(secret={"secretName": "b"}),
        _volume(projected={"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "d"}}]}),
        _volume(downwardAPI={"items": []}),
        _volume(emptyDir={}),
    ]
    assert references(volumes) == {
        ("ConfigMap", "a"),
        ("Secret", "b"),
        ("ConfigMap", "c"),
        ("Secret", "d"),
    }
