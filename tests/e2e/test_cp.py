"""The command cp on the real Engine: both ways, from pods that do not run, and never outside."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space

pytestmark = pytest.mark.docker


@pytest.fixture
def pod(space: Space, edit: Edit) -> str:
    changes = {"container.readinessProbe": None, "container.command": ["sleep", "1000"]}
    space.apply(edit("web.yaml", {"spec.replicas": 1, **changes}))
    return "web-0"


def test_files_and_folders_go_both_ways(space: Space, pod: str, tmp_path: Path):
    source = tmp_path / "src"
    (source / "sub").mkdir(parents=True)
    (source / "tool").write_bytes(os.urandom(1_000_000))
    (source / "tool").chmod(0o750)
    (source / "sub/ü 1").write_text("one")
    (source / "link").symlink_to("tool")
    (source / "out").symlink_to("/etc/passwd")

    space.run("cp", str(source), f"{pod}:/tmp/new")
    space.run("cp", f"{source}/.", f"{pod}:/usr/share/nginx/html")
    listed = space.sh(pod, "cd /tmp/new; find . | sort; stat -c '%u %a' tool; readlink out")
    assert listed.split("\n") == [
        *[".", "./link", "./out", "./sub", "./sub/ü 1", "./tool"],
        *["0 750", "/etc/passwd"],
    ]

    # The volume is read, too, and the pod need not run.
    space.api.stop(space.container(pod), timeout=0)
    back = tmp_path / "back"
    done = space.run("cp", f"{pod}:/usr/share/nginx/html", str(back))
    assert (back / "tool").read_bytes() == (source / "tool").read_bytes()
    assert (back / "tool").stat().st_mode & 0o777 == 0o750
    assert (back / "sub/ü 1").read_text() == "one"
    assert (back / "link").is_symlink()
    assert not os.path.lexists(back / "out")
    assert "skipping symlink" in done.err

    space.run("cp", f"{pod}:/tmp/new/sub/ü 1", str(tmp_path))
    assert (tmp_path / "ü 1").read_text() == "one"


def test_what_is_not_there_is_told_before_anything_is_written(
    space: Space, pod: str, tmp_path: Path
):
    done = space.run("cp", f"{pod}:/nosuch", str(tmp_path), code=1)
    assert "/nosuch: no such file or folder in pod web-0" in done.err
    (tmp_path / "a").write_text("")
    done = space.run("cp", str(tmp_path / "a"), f"{pod}:/nosuch/a", code=2)
    assert f"hint: minisets exec web-0 -n {space.name} -- mkdir -p /nosuch" in done.err
    done = space.run("cp", str(tmp_path / "a"), "wbe-0:/tmp", code=1)
    assert "did you mean web-0?" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "web.yaml"]


def test_a_pod_cannot_write_outside_of_the_target(space: Space, pod: str, tmp_path: Path):
    """The pod holds links of every kind; nothing appears beside the target."""
    outside = tmp_path / "outside"
    outside.mkdir()
    made = f"mkdir -p /tmp/x/d; cd /tmp/x; ln -s {outside} abs; ln -s ../../outside rel; "
    space.sh(pod, f"{made} ln -s d/../.. tricky; ln -s . d/here; echo x > d/file; ln -s d ok")
    space.run("cp", f"{pod}:/tmp/x", str(tmp_path / "target"))
    target = tmp_path / "target"
    assert sorted(path.name for path in target.iterdir()) == ["d", "ok"]
    assert sorted(path.name for path in (target / "d").iterdir()) == ["file", "here"]
    assert list(outside.iterdir()) == []


def test_tars_through_pipes(space: Space, pod: str):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", encoding="utf-8") as tar:
        entry = tarfile.TarInfo("page")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"abc"))
    space.run("cp", "-", f"{pod}:/tmp", stdin=stream.getvalue().decode("latin-1"))
    whole = space.run("cp", f"{pod}:/tmp/page", "-").out
    with tarfile.open(fileobj=io.BytesIO(whole.encode())) as tar:
        content = tar.extractfile("page")
        assert content is not None
        assert content.read() == b"abc"
