from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container
from minisets.core.observed import VolumeSeen
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.mounts import Mounting, SubPath, mounting, mountpoint_of, root_paths
from minisets.core.volumes.pod_volumes import HostPath, PodVolume, VolumeKind
from minisets.errors import NotConverged

DATA = PodVolume(name="data", kind=VolumeKind.CLAIM, source="data-web-0")
FILES = PodVolume(
    name="cfg",
    kind=VolumeKind.FILES,
    source="web-0._cfg",
    files=(FileEntry(path="etc/app.conf", content=b""),),
    read_only=True,
)
MACHINE = {"data-web-0": "/volumes/data-web-0/_data", "web-0._cfg": "/volumes/cfg/_data"}


def _host(path: str = "/srv", kind: str = "") -> PodVolume:
    return PodVolume(
        name="host",
        kind=VolumeKind.HOST_PATH,
        source=path,
        host_path=HostPath(path=path, type=kind),
    )


def _container(*mounts: dict[str, Any]) -> Container:
    obj = {"name": "app", "image": "i", "volumeMounts": list(mounts)}
    return decode_as(obj, Container)


def _mounting(
    volume: PodVolume, *mounts: dict[str, Any], api: tuple[int, int] = (1, 41), **more: Any
) -> Mounting:
    written = [{"name": volume.name, "mountPath": "/x", **mount} for mount in mounts]
    return mounting(
        _container(*written),
        {volume.name: volume},
        api_version=api,
        mountpoints=MACHINE,
        **more,
    )


def _volume_mount(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "volume",
        "Source": source,
        "Target": target,
        "ReadOnly": False,
        "VolumeOptions": {"NoCopy": True},
        **more,
    }


def test_one_volume_may_be_mounted_several_times():
    found = _mounting(DATA, {"mountPath": "/a"}, {"mountPath": "b", "readOnly": True})
    assert found.mounts == (
        _volume_mount("data-web-0", "/a"),
        _volume_mount("data-web-0", "/b", ReadOnly=True),
    )


def test_files_are_read_only_whatever_the_mount_says():
    (mount,) = _mounting(FILES, {"readOnly": False}).mounts
    assert mount["ReadOnly"]


def test_a_mount_of_a_volume_that_is_not_given_is_left_out():
    assert mounting(_container({"name": "other", "mountPath": "/x"}), {}) == Mounting()


def test_newer_engines_mount_a_part_of_a_volume_themselves():
    found = _mounting(DATA, {"subPath": "a//b/."}, api=(1, 45))
    assert found.mounts == (
        _volume_mount("data-web-0", "/x", VolumeOptions={"NoCopy": True, "Subpath": "a/b"}),
    )
    assert found.sub_paths == (SubPath(source="data-web-0", path="a/b"),)


def test_on_older_engines_a_part_is_a_bind_and_the_volume_is_held():
    found = _mounting(DATA, {"subPath": "db", "readOnly": True}, api=(1, 44))
    assert found.mounts == (
        {
            "Type": "bind",
            "Source": "/volumes/data-web-0/_data/db",
            "Target": "/x",
            "ReadOnly": True,
        },
        # Else a prune of volumes would take the data from under the container.
        _volume_mount("data-web-0", "/.minisets/data-web-0", ReadOnly=True),
    )


def test_a_volume_that_is_mounted_whole_is_held_by_that():
    found = _mounting(DATA, {"subPath": "db"}, {"mountPath": "/all"}, {"subPath": "x"})
    assert [mount["Target"] for mount in found.mounts] == ["/x", "/all", "/x"]


def test_a_file_of_a_config_map_is_there_already_and_a_missing_one_becomes_a_directory():
    for there in ("etc", "etc/app.conf"):
        assert _mounting(FILES, {"subPath": there}).sub_paths == ()
    assert _mounting(FILES, {"subPath": "etc/app"}).sub_paths == (
        SubPath(source="web-0._cfg", path="etc/app"),
    )


def test_an_expression_is_expanded_with_the_containers_variables():
    found = _mounting(DATA, {"subPathExpr": "logs/$(POD)"}, variables={"POD": "web-0"})
    assert found.sub_paths == (SubPath(source="data-web-0", path="logs/web-0"),)


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ({"subPathExpr": "$(NONE)"}, "names the variable NONE"),
        ({"subPathExpr": "$(UP)/x"}, "leads out of the volume"),
        ({"subPathExpr": "$(ROOT)"}, "leads out of the volume"),
    ],
)
def test_an_expression_that_leads_nowhere_is_refused(mount, words):
    with pytest.raises(NotConverged, match=words):
        _mounting(DATA, mount, variables={"UP": "..", "ROOT": "/etc"})


def test_a_part_of_what_is_there_only_while_it_is_mounted_is_refused_by_older_engines():
    share = PodVolume(name="share", kind=VolumeKind.EXPORT, source="web-0._share")
    with pytest.raises(NotConverged, match="subPath"):
        _mounting(share, {"subPath": "x"})
    assert _mounting(share, {"subPath": "x"}, api=(1, 45)).mounts


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "/v/_data"),
        ({"type": "none", "o": "bind", "device": "/srv/"}, "/srv"),
        ({"type": "none", "o": "rbind,ro", "device": "/srv"}, "/srv"),
        ({"type": "nfs", "o": "addr=h", "device": ":/srv"}, ""),
        ({"type": "tmpfs", "device": "tmpfs"}, ""),
    ],
)
def test_where_a_volumes_files_are_depends_on_its_options(options, expected):
    seen = VolumeSeen(name="v", options=options, mountpoint="/v/_data")
    assert mountpoint_of(seen) == expected


@pytest.mark.parametrize("kind", ["", "DirectoryOrCreate"])
def test_older_engines_make_a_missing_host_path_by_the_short_form(kind):
    found = _mounting(_host("/srv/a/", kind), {"readOnly": True, "mountPath": "/h"})
    assert (found.binds, found.mounts) == (("/srv/a:/h:ro",), ())


def test_newer_engines_make_a_missing_host_path_by_an_option():
    found = _mounting(_host(), {"mountPropagation": "HostToContainer"}, api=(1, 42))
    assert found.mounts == (
        {
            "Type": "bind",
            "Source": "/srv",
            "Target": "/x",
            "ReadOnly": False,
            "BindOptions": {"Propagation": "rslave", "CreateMountpoint": True},
        },
    )


@pytest.mark.parametrize("kind", ["Directory", "File", "Socket", "CharDevice", "FileOrCreate"])
def test_what_must_be_there_is_not_made(kind):
    found = _mounting(_host("/srv", kind), {})
    assert found.mounts == ({"Type": "bind", "Source": "/srv", "Target": "/x", "ReadOnly": False},)


def test_a_colon_in_a_host_path_does_not_split_it():
    assert _mounting(_host("/a:b"), {}).mounts[0]["Source"] == "/a:b"


def test_propagation_is_a_word_of_the_short_form():
    found = _mounting(_host(), {"mountPropagation": "Bidirectional"})
    assert found.binds == ("/srv:/x:rw,rshared",)


def test_a_part_of_a_host_path_is_a_path_below_it():
    assert _mounting(_host("/", "Directory"), {"subPath": "etc"}).binds == ("/etc:/x:rw",)


def test_read_only_all_the_way_down_is_refused_where_the_engine_cannot():
    mount = {"readOnly": True, "recursiveReadOnly": "Enabled"}
    with pytest.raises(NotConverged, match="recursiveReadOnly"):
        _mounting(_host(), mount)
    (made,) = _mounting(_host("/srv", "Directory"), mount, api=(1, 44)).mounts
    assert made["BindOptions"] == {"ReadOnlyForceRecursive": True}
    assert _mounting(DATA, mount).mounts[0]["ReadOnly"]


def test_a_root_is_changed_where_the_whole_volume_is_mounted_to_be_written_to():
    container = _container(
        {"name": "a", "mountPath": "/part", "subPath": "x"},
        {"name": "a", "mountPath": "/frozen", "readOnly": True},
        {"name": "a", "mountPath": "a"},
        {"name": "a", "mountPath": "/again"},
        {"name": "b", "mountPath": "/b"},
        {"name": "c", "mountPath": "/c", "readOnly": True},
    )
    assert root_paths(container, ("a", "c")) == {"a": "/a"}
