"""The command apply: what it reads, what it touches, how long it waits."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"
DB = MANIFESTS / "db.yaml"


def test_several_files_are_applied_together(space: Space):
    done = space.apply(WEB, "-f", str(DB))
    assert space.running() == ["db-0", "db-1", "web-0", "web-1", "web-2"]
    assert done.out.splitlines() == [
        "service/nginx created",
        "statefulset.apps/web created",
        "statefulset.apps/db created",
    ]


def test_a_folder_is_applied_and_with_recursion_the_folders_inside(space: Space, edit: Edit):
    one = {"spec.replicas": 1}
    folder = edit("db.yaml", one).parent
    (folder / "inner").mkdir()
    edit("web.yaml", one, to="inner/web.yaml")
    (folder / "notes.txt").write_text("no manifest: {", encoding="utf-8")
    space.apply(folder)
    assert space.running() == ["db-0"]
    space.apply(folder, "-R")
    assert space.running() == ["db-0", "web-0"]


def test_standard_input_is_applied(space: Space):
    done = space.run("apply", "-f", "-", stdin=DB.read_text(encoding="utf-8"))
    assert space.running() == ["db-0", "db-1"]
    assert "statefulset.apps/db created" in done.out


@pytest.mark.parametrize("mode", ["--dry-run", "--dry-run=server", "--dry-run=client"])
def test_a_dry_run_touches_nothing_and_shows_the_whole_road(space: Space, mode: str):
    done = space.apply(WEB, mode)
    assert space.is_empty()
    assert "statefulset.apps/web created (dry run)" in done.out
    steps = [done.out.index(f"web-{ordinal}") for ordinal in range(3)]
    assert steps == sorted(steps)


def test_a_dry_run_against_what_lives_shows_the_difference_alone(space: Space, edit: Edit):
    space.apply(WEB)
    ids, volumes = space.ids(), space.volumes("record")
    same = space.apply(WEB, "--dry-run")
    more = space.apply(edit("web.yaml", {"spec.replicas": 4}), "--dry-run")
    assert space.ids() == ids
    assert space.volumes("record") == volumes
    assert "statefulset.apps/web unchanged (dry run)" in same.out
    assert "nothing to do" in same.out
    assert "statefulset.apps/web configured (dry run)" in more.out
    assert "web-3" in more.out


def test_a_dry_run_needs_no_engine(space: Space):
    nowhere = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    for mode in ("--dry-run", "--dry-run=client"):
        done = space.minisets("apply", "-f", str(WEB), mode, environ=nowhere)
        assert "statefulset.apps/web created (dry run)" in done.out


def test_without_waiting_it_does_what_can_be_done_now_and_says_how_to_go_on(
    space: Space, edit: Edit
):
    file = edit("web.yaml", {"container.env": [{"name": "DELAY", "value": "2"}]})
    done = space.apply(file, "--wait=false")
    assert list(space.pods()) == ["web-0"]
    assert "minisets" in done.err
    space.run("start")
    assert space.running() == ["web-0", "web-1", "web-2"]


def test_a_wait_whose_time_is_over_says_what_it_waited_for(space: Space):
    late = space.apply(MANIFESTS / "gate.yaml", "--timeout=10s", code=4)
    assert space.running() == ["gate-0"]
    assert "within 10s" in late.err
    assert "gate-0" in late.err


def test_a_killed_apply_is_finished_by_the_next_one(space: Space, edit: Edit):
    file = edit("web.yaml", {"container.env": [{"name": "DELAY", "value": "1"}]})
    process = space.begin("apply", "-f", str(file))
    eventually(lambda: "web-1" in space.pods(), what="web-1")
    process.kill()
    process.communicate()
    first = space.pods()["web-0"]["Id"]
    space.apply(file)
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert space.ids()["web-0"] == first
    assert len(space.claims()) == 3
    assert space.apply(file).out.splitlines()[-1] == "statefulset.apps/web unchanged"


def test_an_apply_killed_at_any_moment_is_finished_by_the_next_one(space: Space, edit: Edit):
    file = edit("web.yaml", {"spec.replicas": 1})
    moments = {
        "a record": space.records,
        "a network": space.networks,
        "a claim": space.claims,
        "a container": space.pods,
    }
    for what, look in moments.items():
        process = space.begin("apply", "-f", str(file))
        eventually(look, what=what)
        process.kill()
        process.communicate()
        space.apply(file)
        assert space.running() == ["web-0"], what
        assert space.sh("web-0", "wget -q -O - http://web-0.nginx/") == "web-0"
        space.run("delete", "-f", str(file), "--volumes")
        assert space.is_empty(), what


def test_ctrl_c_leaves_everything_and_says_how_to_go_on(space: Space):
    process = space.begin("apply", "-f", str(MANIFESTS / "gate.yaml"))
    eventually(lambda: space.running() == ["gate-0"], what="gate-0")
    process.send_signal(signal.SIGINT)
    done = space.end(process)
    assert done.code == 130, done
    assert space.running() == ["gate-0"]
    assert space.records() == ["StatefulSet/gate"]
    assert "apply -f" in done.err


def test_the_set_is_told_apart_by_the_file_that_it_came_from(space: Space, edit: Edit):
    space.apply(DB)
    done = space.apply(edit("db.yaml", {}, to="other.yaml"))
    assert f"was applied from {DB} before" in done.err
    assert space.running() == ["db-0", "db-1"]


def test_what_others_write_between_two_applies_stays(space: Space, edit: Edit, tmp_path: Path):
    silent = edit("db.yaml", {"spec.replicas": None})
    space.apply(silent)
    space.run("scale", "sts", "db", "--replicas=2")
    done = space.apply(silent)
    assert space.running() == ["db-0", "db-1"]
    assert done.out.splitlines() == ["statefulset.apps/db unchanged"]
    # A file that speaks of replicas has the last word.
    space.apply(edit("db.yaml", {"spec.replicas": 1}, to="loud.yaml"))
    assert space.running() == ["db-0"]


def test_one_file_may_hold_lists_old_versions_and_several_namespaces(
    space: Space, other_space: Space, tmp_path: Path
):
    text = (MANIFESTS / "several.yaml").read_text(encoding="utf-8")
    file = tmp_path / "several.yaml"
    file.write_text(text.replace("NAMESPACE-B", other_space.name).replace("NAMESPACE", space.name))
    done = space.minisets("apply", "-f", str(file))
    assert done.out.splitlines() == [
        f"namespace/{space.name} created",
        f"namespace/{other_space.name} created",
        "service/web created",
        "service/outer created",
        "statefulset.apps/web created",
        "statefulset.apps/old created",
        "statefulset.apps/web created",
    ]
    for text in (
        "statefulset/old: apps/v1beta1 StatefulSet is read as apps/v1",
        "service/outer: externalName is ignored: Docker's DNS has no CNAME",
        f"names of the namespace {other_space.name} are not known in {space.name}",
        "asks for an SRV record, and Docker's DNS has none",
    ):
        assert text in done.err
    assert (space.running(), other_space.running()) == (["old-0", "web-0"], ["web-0"])
    names = space.minisets("get", "namespaces", "-o", "name").out.split()
    assert {f"namespace/{space.name}", f"namespace/{other_space.name}"} <= set(names)
    again = space.minisets("apply", "-f", str(file))
    assert {line.split()[1] for line in again.out.splitlines()} == {"unchanged"}
    space.minisets("delete", "-f", str(file))
    assert space.is_empty()
    assert other_space.is_empty()
