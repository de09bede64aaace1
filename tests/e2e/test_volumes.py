"""Volumes of pods: what is new with each pod, what outlives it, and what the machine gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from minisets.core import labels
from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

MANIFEST = "volumes.yaml"


def _volumes(path: Path, kind: str = "DirectoryOrCreate") -> list[dict[str, Any]]:
    return [
        {"name": "scratch"},
        {"name": "fast", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "machine", "hostPath": {"path": str(path), "type": kind}},
    ]


def _scratch(space: Space) -> list[str]:
    return sorted(space.volumes(labels.KIND_POD_VOLUME))


def test_scratch_space_is_new_with_each_pod_and_claims_are_not(
    space: Space, edit: Edit, tmp_path: Path
):
    made = tmp_path / "made" / "by-the-engine"
    space.apply(edit(MANIFEST, {"pod.volumes": _volumes(made)}))
    space.sh("box-0", "echo kept > /db/file; echo gone > /scratch/part/file; echo m > /machine/f")
    before = {
        "what a subPath shows": space.sh("box-0", "cat /data/box-0/db/file /scratch-part/file"),
        "mode of scratch space": space.sh("box-0", "stat -c %a /scratch /scratch-part /fast"),
        "mode of a new folder in a claim": space.sh("box-0", "stat -c %a /db"),
    }
    space.sh("box-0", "! touch /frozen/x && ! dd if=/dev/zero of=/fast/x bs=1k count=2000")
    names = _scratch(space)
    space.run("delete", "pod", "box-0")
    assert before == {
        "what a subPath shows": "kept\ngone",
        "mode of scratch space": "777\n777\n777",
        "mode of a new folder in a claim": "777",
    }
    assert names == [space.volume("box-0._fast"), space.volume("box-0._scratch")]
    assert space.sh("box-0", "cat /db/file /machine/f; ls -A /scratch-part") == "kept\nm"
    assert _scratch(space) == names


def test_scratch_space_goes_with_its_pod_also_when_that_was_lost(
    space: Space, edit: Edit, tmp_path: Path
):
    file = edit(MANIFEST, {"pod.volumes": _volumes(tmp_path), "spec.replicas": 2})
    space.apply(file)
    space.sh("box-0", "touch /scratch/old")
    space.lose("box-0")
    space.apply(file)
    assert space.sh("box-0", "ls /scratch") == "part"
    space.run("scale", "sts", "box", "--replicas=1")
    assert _scratch(space) == [space.volume("box-0._fast"), space.volume("box-0._scratch")]
    space.lose("box-0")
    space.run("delete", "sts", "box")
    assert _scratch(space) == []
    assert len(space.claims()) == 2


@pytest.mark.parametrize(
    ("kind", "there", "words"),
    [
        ("Directory", "nothing", "is to be of type Directory, but it is not there"),
        ("Directory", "file", "is to be of type Directory, but it is not a directory"),
        ("File", "directory", "is to be of type File, but it is not a file"),
        ("Socket", "file", "is to be of type Socket, but it is not a socket"),
    ],
)
def test_a_host_path_of_another_type_is_refused_before_the_pod_is_made(
    space: Space, edit: Edit, tmp_path: Path, kind: str, there: str, words: str
):
    path = tmp_path / "it"
    if there == "file":
        path.touch()
    elif there == "directory":
        path.mkdir()
    done = space.apply(edit(MANIFEST, {"pod.volumes": _volumes(path, kind)}), code=4)
    assert words in done.err
    assert space.pods() == {}


def test_files_and_sockets_of_the_machine_are_mounted(space: Space, edit: Edit, tmp_path: Path):
    new = tmp_path / "new-file"
    volumes = [
        {"name": "new", "hostPath": {"path": str(new), "type": "FileOrCreate"}},
        {"name": "null", "hostPath": {"path": "/dev/null", "type": "CharDevice"}},
        {"name": "any", "hostPath": {"path": str(tmp_path)}},
    ]
    mounts = [
        {"name": "new", "mountPath": "/new"},
        {"name": "null", "mountPath": "/null"},
        {"name": "any", "mountPath": "/any/where", "readOnly": True, "subPath": "."},
    ]
    space.apply(edit(MANIFEST, {"pod.volumes": volumes, "container.volumeMounts": mounts}))
    space.sh("box-0", "echo written > /new")
    assert space.sh("box-0", "cat /any/where/new-file") == "written"
    assert "Read-only" in space.sh("box-0", "test -c /null && ! touch /any/where/x 2>&1")


def test_a_set_that_mounts_a_part_of_a_claim_rolls(space: Space, edit: Edit):
    part = [{"name": "data", "mountPath": "/part", "subPath": "inner"}]
    for colour in ("red", "blue"):
        env = [{"name": "COLOUR", "value": colour}]
        changes = {"pod.volumes": [], "container.volumeMounts": part, "container.env": env}
        space.apply(edit(MANIFEST, changes))
        space.sh("box-0", "echo $COLOUR >> /part/log")
    assert space.sh("box-0", "cat /part/log") == "red\nblue"


def test_a_link_in_a_volume_leads_nobody_out_of_it(space: Space, edit: Edit, tmp_path: Path):
    mounts = [{"name": "data", "mountPath": "/data"}]
    space.apply(edit(MANIFEST, {"pod.volumes": [], "container.volumeMounts": mounts}))
    space.sh("box-0", "ln -s /etc /data/out")
    mounts.append({"name": "data", "mountPath": "/out", "subPath": "out"})
    done = space.apply(
        edit(MANIFEST, {"pod.volumes": [], "container.volumeMounts": mounts}), code=4
    )
    assert "out is no directory but a link" in done.err


def test_configuration_is_files_that_follow_their_objects(space: Space, tmp_path: Path):
    text = (MANIFESTS / "files.yaml").read_text(encoding="utf-8")
    file = tmp_path / "files.yaml"
    file.write_text(text, encoding="utf-8")
    space.apply(file)
    found = {
        "settings": space.sh("reader-0", "cd /etc/settings && echo * && cat app.conf"),
        "raw": space.sh("reader-0", "od -An -tx1 /etc/settings/raw"),
        "secret": space.sh("reader-0", "cat /etc/keys/deep/password"),
        "mode": space.sh("reader-0", "stat -L -c %a /etc/keys/deep/password /etc/all/app.conf"),
        "itself": space.sh("reader-1", "cd /etc/all && cat name; echo; cat memory; echo"),
        "labels": space.sh("reader-1", "grep pod-name /etc/all/labels"),
        "optional": space.sh("reader-0", "ls /etc/maybe"),
        "read-only": space.sh("reader-0", "touch /etc/settings/x 2>&1 || echo no")[-2:],
    }
    before = space.ids()
    file.write_text(
        text.replace("red", "blue").replace("hush", "new").replace('extra.conf: "one more"', ""),
        encoding="utf-8",
    )
    space.apply(file)
    after = space.sh(
        "reader-1",
        "cat /etc/settings/app.conf /etc/all/app.conf /etc/keys/deep/password /etc/one.conf",
    )
    assert found == {
        "settings": "app.conf extra.conf raw\ncolor = red",
        "raw": "ff",
        "secret": "hush",
        "mode": "400\n600",
        "itself": "reader-1\n64",
        "labels": 'statefulset.kubernetes.io/pod-name="reader-1"',
        "optional": "",
        "read-only": "no",
    }
    assert after == "color = bluecolor = bluenewcolor = red"
    assert space.sh("reader-0", "cd /etc/settings && echo *") == "app.conf raw"
    assert space.ids() == before
    space.run("delete", "sts", "reader")
    assert _scratch(space) == []


def test_a_pod_that_refers_to_nothing_says_what_is_missing(space: Space, edit: Edit):
    volumes = [{"name": "scratch", "configMap": {"name": "nobody"}}]
    mounts = [{"name": "scratch", "mountPath": "/x"}]
    changes = {"pod.volumes": volumes, "container.volumeMounts": mounts}
    done = space.apply(edit(MANIFEST, changes), code=4)
    assert 'configmap "nobody" not found' in done.err
    assert space.pods() == {}


def test_claims_are_made_of_classes_volumes_and_claims_of_their_own(
    space: Space, tmp_path: Path, request: pytest.FixtureRequest
):
    text = (MANIFESTS / "storage.yaml").read_text(encoding="utf-8")
    path, file = tmp_path / "manual", tmp_path / "storage.yaml"
    text = text.replace("UNIQUE", space.name).replace("/made/by/the/test", str(path))
    file.write_text(text, encoding="utf-8")
    # What belongs to no namespace does not go with this test's own.
    request.addfinalizer(lambda: space.run("delete", "-f", str(file), "--volumes", code=None))
    applied = space.apply(file)
    space.sh("box-0", "echo together > /files/file; echo alone > /own/file")
    assert space.sh("box-1", "cat /files/file; ls /own") == "together"
    assert space.sh("box-0", "stat -c '%a %u %g' /files /own").splitlines() == ["2775 0 3000"] * 2
    assert space.sh("box-0", "stat -c %g /files/file") == "3000"
    space.sh("box-0", "dd if=/dev/zero of=/memory/x bs=1k count=900 2>/dev/null")
    space.sh("box-0", "! dd if=/dev/zero of=/memory/y bs=1k count=900 2>/dev/null")
    mounted = space.api.inspect_volume(space.volume("manual-box-0"))["Options"]
    assert mounted == {"type": "none", "o": "bind", "device": str(path)}
    shown = space.run("get", "pv", f"{space.name}-pv").out.split()
    assert {"Bound", f"{space.name}/manual-box-0", "Retain"} <= {*shown}
    assert f"claim manual may be {path} of the machine, by PersistentVolume" in applied.err
    assert f"no persistentvolume is free for the class {space.name}-manual" not in applied.err
    deleted = space.run("delete", "-f", str(file), "--volumes")
    assert space.claims() == [
        space.volume(name) for name in ("manual-box-0", "memory-box-0", "memory-box-1")
    ]
    assert "their reclaim policy is Retain" in deleted.err
    assert path.is_dir()


def test_a_claim_for_one_pod_is_refused_to_the_second(space: Space, tmp_path: Path):
    documents = (MANIFESTS / "storage.yaml").read_text(encoding="utf-8").split("---\n")
    file = tmp_path / "storage.yaml"
    text = "---\n".join(documents[2:]).replace("ReadWriteMany", "ReadWriteOncePod")
    file.write_text(text, encoding="utf-8")
    done = space.apply(file, code=4)
    assert "pod/box-1 cannot use the claim shared: its access mode is" in done.err
    assert space.running() == ["box-0"]


def test_files_are_handed_to_a_group_that_the_pod_got_later(space: Space, edit: Edit):
    space.apply(edit("db.yaml", {"spec.replicas": 1}))
    space.sh("db-0", "umask 077; mkdir -p /data/deep; echo old > /data/deep/file")
    context = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 3000}
    changes = {"spec.replicas": 1, "pod.securityContext": context}
    space.apply(edit("db.yaml", changes))
    assert space.sh("db-0", "id -u; cat /data/deep/file; echo new >> /data/deep/file") == (
        "1000\nold"
    )
    assert space.sh(
        "db-0", "stat -c '%a %u %g' /data /data/deep /data/deep/file"
    ).splitlines() == [
        "2777 0 3000",
        "2770 0 3000",
        "660 0 3000",
    ]


def test_a_claim_that_is_a_device_is_one_in_the_container(
    space: Space, edit: Edit, tmp_path: Path, request: pytest.FixtureRequest
):
    file = tmp_path / "disk.json"
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{space.name}-disk"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Mi"},
            "storageClassName": f"{space.name}-disks",
            "volumeMode": "Block",
            # Every machine has it, and nothing is on it.
            "local": {"path": "/dev/zero"},
        },
    }
    file.write_text(json.dumps(volume), encoding="utf-8")
    request.addfinalizer(lambda: space.run("delete", "-f", str(file), code=None))
    space.apply(file)
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": f"{space.name}-disks",
        "volumeMode": "Block",
    }
    changes = {
        "spec.replicas": 1,
        "spec.volumeClaimTemplates": [{"metadata": {"name": "disk"}, "spec": claim}],
        "container.volumeMounts": None,
        "container.volumeDevices": [{"name": "disk", "devicePath": "/dev/xvda"}],
    }
    applied = space.apply(edit("db.yaml", changes))
    assert space.sh("db-0", "head -c 4 /dev/xvda | od -An -tx1") == "00 00 00 00"
    assert "claim disk may be /dev/zero of the machine, by PersistentVolume" in applied.err
    assert "Block" in space.run("get", "pvc", "disk-db-0", "-o", "wide").out
