from __future__ import annotations

import io
import tarfile

from minisets.engine.archives import DirectoryEntry, directories_tar


def _entries(tar: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        return opened.getmembers()


def test_a_directory_has_its_full_name_owner_and_mode():
    (entry,) = _entries(
        directories_tar([DirectoryEntry(path="/var/lib/data/", mode=0o2770, uid=7, gid=8)])
    )
    assert (entry.name, entry.isdir()) == ("var/lib/data", True)
    assert (entry.mode, entry.uid, entry.gid) == (0o2770, 7, 8)


def test_without_more_words_everybody_may_write():
    (entry,) = _entries(directories_tar([DirectoryEntry(path="/d")]))
    assert (entry.mode, entry.uid, entry.gid) == (0o777, 0, 0)


def test_directories_stand_in_their_order():
    paths = ["/b", "/a", "/a/c"]
    tar = directories_tar(DirectoryEntry(path=path) for path in paths)
    assert [entry.name for entry in _entries(tar)] == ["b", "a", "a/c"]
