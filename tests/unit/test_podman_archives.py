from __future__ import annotations

import io
import tarfile

from minisets.engine import podman_archives
from minisets.engine.docker_parse import parse_path_stat


def tar(**files: str) -> bytes:
    """A tar of files, and of folders where a name ends with a slash."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            if name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o2775
            else:
                entry.size = len(text)
            out.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


def names(content: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as found:
        return found.getnames()


def test_what_is_for_a_mount_is_unpacked_at_the_mount():
    mounts = podman_archives.mounts_of(
        {"Mounts": [{"Destination": "/v"}, {"Destination": "/v/1"}, {"Destination": "/v/0"}]}
    )
    parts = podman_archives.split(
        tar(**{"v/0/": "", "v/0/a": "1", "v/1/b/c": "2", "v/d": "3", "etc/e": "4"}), "/", mounts
    )

    assert {place: names(part) for place, part in parts.items()} == {
        "/": ["etc/e"],
        "/v/0": [".", "a"],
        "/v/1": ["b/c"],
        "/v": ["d"],
    }
    with tarfile.open(fileobj=io.BytesIO(parts["/v/0"])) as found:
        root, file = found.getmembers()
        content = found.extractfile(file)
        assert (root.isdir(), root.mode) == (True, 0o2775)
        assert content is not None
        assert content.read() == b"1"


def test_mounts_below_a_folder_are_put_into_its_archive():
    assert podman_archives.below("/v/.", ["/v/0", "/v", "/w/1", "/v/2/x"]) == ("0", "2/x")
    joined = podman_archives.join({".": tar(a=""), "0": tar(**{"./": "", "b": "1"})})

    assert names(joined) == ["a", "0", "0/b"]


def test_the_state_of_a_path_may_be_written_as_in_urls():
    # {"name":"ü>?","mode":0} in both alphabets of base64.
    assert parse_path_stat("eyJuYW1lIjoiw7w+PyIsIm1vZGUiOjB9").name == "ü>?"
    assert parse_path_stat("eyJuYW1lIjoiw7w-PyIsIm1vZGUiOjB9").name == "ü>?"


def test_an_entry_is_found_in_the_archive_of_its_folder():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for name in ("dir", "dir/sub", "dir/sub/link", "dir/link"):
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.SYMTYPE if name == "dir/link" else tarfile.DIRTYPE
            entry.linkname = "/etc" if name == "dir/link" else ""
            out.addfile(entry)

    path, read = podman_archives.way_to_entry("/v/dir/link")
    found = read(io.BytesIO(stream.getvalue()))
    _, read_none = podman_archives.way_to_entry("/v/dir/nosuch")

    assert path == "/v/dir"
    assert found is not None
    assert (found.kind, found.target) == ("link", "/etc")
    assert read_none(io.BytesIO(stream.getvalue())) is None
    assert podman_archives.way_to_entry("/v/0/.")[0] == "/v/0"
