"""ConfigMaps and Secrets: pods read them, labels show no value, and a prune is recovered from."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from minisets.core import labels
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

FILE = MANIFESTS / "configuration.yaml"
WORD = "swordfish"


def changed(folder: Path, old: str, new: str) -> Path:
    file = folder / "changed.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return file


def without_objects(folder: Path) -> Path:
    """Write the set alone."""
    file = folder / "alone.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").split("---\n")[-1], encoding="utf-8")
    return file


def shown(space: Space) -> str:
    """Return all that the Engine shows of the namespace's volumes."""
    names = [one["Name"] for one in space.api.volumes(filters=space.label)["Volumes"] or []]
    return json.dumps([space.api.inspect_volume(name) for name in names])


def test_pods_read_both_and_a_restart_brings_what_has_changed(space: Space, tmp_path):
    space.apply(FILE)
    for pod in ("app-0", "app-1"):
        assert space.sh(pod, "echo $LEVEL $PASSWORD") == "debug swordfish-one"
    ids = space.ids()
    again = space.apply(FILE)
    assert again.out.splitlines()[:2] == ["configmap/settings unchanged", "secret/login unchanged"]
    told = space.apply(changed(tmp_path, "swordfish-one", "swordfish-two"))
    assert "secret/login configured" in told.out
    assert f"minisets rollout restart sts/app -n {space.name}" in told.err
    assert space.ids() == ids
    space.run("rollout", "restart", "sts/app")
    assert space.sh("app-1", "echo $PASSWORD") == "swordfish-two"
    assert len(space.volumes(labels.KIND_FILES)) == 1


def test_no_value_of_a_secret_is_shown_by_the_engine(space: Space, tmp_path):
    space.apply(FILE)
    space.run("annotate", "secret/login", "seen=yes")
    told = space.apply(changed(tmp_path, "swordfish-one", "swordfish-two"), "--dry-run")
    difference = space.run("diff", "-f", str(tmp_path / "changed.yaml"), code=1)
    space.apply(tmp_path / "changed.yaml")
    everything = shown(space)
    encoded = [base64.b64encode(f"{WORD}-{end}".encode()).decode() for end in ("one", "two")]
    for text in (WORD, *encoded):
        assert text not in everything
        assert text not in told.out + told.err + difference.out + difference.err
    assert "password" in everything
    table = space.run("get", "secrets").out
    assert [line.split()[:3] for line in table.splitlines()[1:]] == [["login", "Opaque", "1"]]
    whole = space.run("get", "secret", "login", "-o", "json").json()
    assert whole["data"] == {"password": encoded[1]}
    assert whole["metadata"]["annotations"] == {"seen": "yes"}
    space.minisets("delete", "namespace", space.name)
    assert space.is_empty()


def test_a_missing_object_is_told_before_and_ends_the_apply_and_can_be_created(
    space: Space, tmp_path
):
    alone = without_objects(tmp_path)
    told = space.apply(alone, "--dry-run")
    assert 'there is no configmap "settings"' in told.err
    refused = space.apply(alone, code=4)
    assert "app-0" in refused.err
    assert 'configmap "settings" not found' in refused.err
    assert "minisets create configmap settings" in refused.err
    space.run("create", "configmap", "settings", "--from-literal=LEVEL=info")
    (tmp_path / "password").write_bytes(b"from-a-file")
    space.run("create", "secret", "generic", "login", f"--from-file={tmp_path / 'password'}")
    again = space.run("create", "cm", "settings", code=2)
    assert 'configmaps "settings" already exists' in again.err
    space.apply(alone)
    assert space.sh("app-1", "echo $LEVEL $PASSWORD") == "info from-a-file"
    space.run("delete", "cm", "settings")
    space.run("delete", "secret/login")
    assert space.records() == ["StatefulSet/app"]
    assert space.volumes(labels.KIND_FILES) == {}
    assert space.running() == ["app-0", "app-1"]


def test_a_prune_of_the_files_is_told_and_an_apply_brings_them_back(space: Space):
    space.apply(FILE)
    (files,) = space.volumes(labels.KIND_FILES)
    space.api.remove_volume(files)
    space.lose("app-1")
    told = space.run("start", code=4)
    assert 'the values of secret "login" are gone' in told.err
    applied = space.apply(FILE)
    assert "secret/login configured" in applied.out
    assert space.sh("app-1", "echo $PASSWORD") == "swordfish-one"
