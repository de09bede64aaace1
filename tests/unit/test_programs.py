from __future__ import annotations

import platform
import struct
import subprocess

import pytest

from minisets.core.programs import files_program, pause_program

_MACHINES = {"amd64": 62, "arm64": 183}
_OWN = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")


@pytest.mark.parametrize("architecture", _MACHINES)
@pytest.mark.parametrize("program", [pause_program, files_program])
def test_a_program_is_one_segment_that_begins_after_its_head(program, architecture):
    found = program(architecture)
    assert found is not None
    assert found.startswith(b"\x7fELF\x02\x01")
    kind, machine, _, entry, segments = struct.unpack_from("<HHIQQ", found, 16)
    assert (kind, machine, segments) == (2, _MACHINES[architecture], 64)
    assert entry == 0x400000 + 120
    flags, offset, address = struct.unpack_from("<IQQ", found, 68)
    assert (flags, offset, address) == (5, 0, 0x400000)
    assert struct.unpack_from("<Q", found, 96)[0] == len(found) < 300


def test_other_machines_have_none():
    assert pause_program("riscv64") is None
    assert files_program("riscv64") is None


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
