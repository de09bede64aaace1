from __future__ import annotations

import os
import platform
import stat
import struct
import subprocess

import pytest

from minisets.core.pod.group_program import group_program
from minisets.core.pod.programs import files_program, pause_program

_MACHINES = {"amd64": 62, "arm64": 183}
_OWN = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")


@pytest.mark.parametrize("architecture", _MACHINES)
@pytest.mark.parametrize("program", [pause_program, files_program, group_program])
def test_a_program_is_one_segment_that_begins_after_its_head(program, architecture):
    found = program(architecture)
    assert found is not None
    assert found.startswith(b"\x7fELF\x02\x01")
    kind, machine, _, entry, segments = struct.unpack_from("<HHIQQ", found, 16)
    assert (kind, machine, segments) == (2, _MACHINES[architecture], 64)
    assert entry == 0x400000 + 120
    flags, offset, address = struct.unpack_from("<IQQ", found, 68)
    assert (flags, offset, address) == (5, 0, 0x400000)
    assert struct.unpack_from("<Q", found, 96)[0] == len(found) < 600


def test_other_machines_have_none():
    assert pause_program("riscv64") is None
    assert files_program("riscv64") is None
    assert group_program("riscv64") is None


@pytest.mark.skipif(not _OWN, reason="this machine is of another architecture")
def test_files_are_renamed_and_removed_in_order(tmp_path):
    program = tmp_path / "program"
    program.write_bytes(files_program(_OWN) or b"")
    program.chmod(0o755)
    (tmp_path / "full" / "inner").mkdir(parents=True)
    (tmp_path / "full" / "inner" / "file").touch()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "now").symlink_to("old")
    (tmp_path / "next").symlink_to("new")
    words = ["=next", "now", "full/inner/file", "full/inner", "full", "kept", "nosuch"]
    done = subprocess.run([program, *words], cwd=tmp_path, timeout=10)
    assert done.returncode == 0
    assert str((tmp_path / "now").readlink()) == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "now", "program"]
    assert subprocess.run([program, "=nosuch", "now"], cwd=tmp_path, timeout=10).returncode == 1


@pytest.mark.skipif(not _OWN or os.geteuid() != 0, reason="it takes root to give files away")
def test_a_tree_is_handed_to_a_group_and_links_are_not_followed(tmp_path):
    program, root, outside = tmp_path / "program", tmp_path / "root", tmp_path / "outside"
    program.write_bytes(group_program(_OWN) or b"")
    program.chmod(0o755)
    outside.touch(mode=0o600)
    deep = root.joinpath(*["d"] * 40)
    deep.mkdir(parents=True, mode=0o700)
    (root / "..not-the-parent").mkdir()
    (root / "..not-the-parent" / ".hidden").touch(mode=0o640)
    # More than one read of the directory returns.
    for number in range(200):
        (deep / f"file with a name that is rather long {number}").touch(mode=0o400)
    (root / "tool").touch()
    (root / "tool").chmod(0o4755)
    (root / "link").symlink_to(outside)
    done = subprocess.run([program, "70000", root], timeout=10)
    assert done.returncode == 0
    found = {path: path.lstat() for path in (root, *root.rglob("*"))}
    assert len(found) == 1 + 40 + 2 + 200 + 2
    assert {seen.st_gid for seen in found.values()} == {70000}
    modes = {path.name: stat.S_IMODE(seen.st_mode) for path, seen in found.items()}
    assert (modes["root"], modes["d"], modes[".hidden"]) == (0o2775, 0o2770, 0o660)
    assert (modes["tool"], modes["file with a name that is rather long 7"]) == (0o4775, 0o660)
    assert (outside.stat().st_gid, stat.S_IMODE(outside.stat().st_mode)) == (0, 0o600)
    # What is not there any more is no failure; what cannot be changed is one.
    assert subprocess.run([program, "5", root / "nosuch"], timeout=10).returncode == 0
    assert subprocess.run([program, "5", "/proc/self/mem"], timeout=10).returncode == 1
