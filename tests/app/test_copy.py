from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from minisets.app.copy import PodFiles
from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.archives import DirectoryEntry, LinkEntry, PackEntry, pack
from minisets.errors import InputError, NotFound
from tests.app.bench import Bench, a_set


def never(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def files(bench: Bench) -> PodFiles:
    bench.apply(a_set(replicas=1))
    put(
        bench,
        DirectoryEntry(path="data"),
        FileEntry(path="data/a", content=b"one", mode=0o644),
        DirectoryEntry(path="data/sub"),
        FileEntry(path="data/sub/b", content=b"two", mode=0o600),
        LinkEntry(path="current", target="/data"),
        FileEntry(
            path="etc/passwd", content=b"root:x:0:0::/:\nweb:x:33:44::/:/bin/sh\n", mode=0o644
        ),
    )
    return PodFiles(bench.command(), "default", "web-0")


def put(bench: Bench, *entries: PackEntry) -> None:
    found = bench.engine.container("web-0")
    bench.engine.put_archive(found.id, "/", pack(entries))


def inside(bench: Bench, path: str) -> tuple[bytes, int, int] | None:
    found = bench.engine.container("web-0").tree.get(path)
    return None if found is None else (found.content, found.uid, found.gid)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_comes_into_a_folder_that_is_there_else_under_the_new_name(
    files: PodFiles, tmp_path: Path
):
    files.download("/data", str(tmp_path / "new"), never)
    assert names(tmp_path) == ["new", "new/a", "new/sub", "new/sub/b"]
    files.download("/data", str(tmp_path / "new"), never)
    assert "new/data/sub/b" in names(tmp_path)
    files.download("/data/.", str(tmp_path), never)
    assert (tmp_path / "sub/b").read_bytes() == b"two"


def test_a_file_comes_into_a_folder_over_a_file_or_under_a_new_name(
    files: PodFiles, tmp_path: Path
):
    files.download("/data/a", str(tmp_path), never)
    assert (tmp_path / "a").read_bytes() == b"one"
    files.download("/data/sub/b", str(tmp_path / "a"), never)
    assert (tmp_path / "a").read_bytes() == b"two"
    files.download("/data/a", str(tmp_path / "made/c"), never)
    assert (tmp_path / "made/c").read_bytes() == b"one"
    with pytest.raises(InputError, match="does not exist"):
        files.download("/data/a", f"{tmp_path}/nosuch/", never)
    with pytest.raises(InputError, match="is a file"):
        files.download("/data", str(tmp_path / "a"), never)


def test_a_link_at_the_path_is_followed(files: PodFiles, tmp_path: Path):
    files.download("/current", str(tmp_path), never)
    assert (tmp_path / "current/a").read_bytes() == b"one"


def test_a_path_that_is_not_there_is_told(files: PodFiles, tmp_path: Path):
    with pytest.raises(NotFound, match="/nosuch: no such file"):
        files.download("/nosuch", str(tmp_path), never)
    with pytest.raises(NotFound):
        files.download_tar("/nosuch")


def test_a_file_goes_into_a_folder_over_a_file_or_under_a_new_name(
    bench: Bench, files: PodFiles, tmp_path: Path
):
    source = tmp_path / "page"
    source.write_text("x")
    files.upload(str(source), "/data", never)
    files.upload(str(source), "/current", never)
    files.upload(str(source), "/data/a", never)
    files.upload(str(source), "/data/new", never)
    for path in ("data/page", "data/a", "data/new"):
        assert inside(bench, path) == (b"x", 0, 0)
    for path in ("/nosuch/page", "/data/nosuch/"):
        with pytest.raises(InputError, match=r"nosuch/? does not exist") as caught:
            files.upload(str(source), path, never)
        assert "mkdir -p" in str(caught.value.hint)


def test_a_folder_goes_into_a_folder_or_under_a_new_name(
    bench: Bench, files: PodFiles, tmp_path: Path
):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/x").write_text("x")
    files.upload(f"{tmp_path}/src", "/data", never)
    files.upload(f"{tmp_path}/src/.", "/data/sub", never)
    files.upload(f"{tmp_path}/src", "/data/new/", never)
    for path in ("data/src/x", "data/sub/x", "data/new/x"):
        assert inside(bench, path) == (b"x", 0, 0)
    with pytest.raises(InputError, match="is a file in pod web-0"):
        files.upload(f"{tmp_path}/src", "/data/a", never)
    with pytest.raises(InputError, match="doesn't exist in local filesystem"):
        files.upload(f"{tmp_path}/nosuch", "/data", never)


@pytest.mark.parametrize(
    ("user", "owner"), [("", (0, 0)), ("1000", (1000, 0)), ("7:8", (7, 8)), ("web", (33, 44))]
)
def test_files_belong_to_the_user_of_the_container(
    bench: Bench, files: PodFiles, tmp_path: Path, user: str, owner: tuple[int, int]
):
    bench.engine.container("web-0").config["User"] = user
    (tmp_path / "x").write_text("")
    PodFiles(bench.command(), "default", "web-0").upload(str(tmp_path / "x"), "/data", never)
    assert inside(bench, "data/x") == (b"", *owner)


def test_a_relative_path_begins_at_the_working_directory(
    bench: Bench, files: PodFiles, tmp_path: Path
):
    bench.engine.container("web-0").config["WorkingDir"] = "/data"
    PodFiles(bench.command(), "default", "web-0").download("sub/b", str(tmp_path), never)
    assert (tmp_path / "b").read_bytes() == b"two"


def test_tars_pass_as_they_are(bench: Bench, files: PodFiles):
    whole = b"".join(files.download_tar("/data/sub"))
    with tarfile.open(fileobj=io.BytesIO(whole)) as found:
        assert found.getnames()[-1].endswith("b")
    files.upload_tar([pack([FileEntry(path="t", content=b"x", mode=0o644)])], "/data")
    assert inside(bench, "data/t") == (b"x", 0, 0)
    with pytest.raises(InputError, match="does not exist"):
        files.upload_tar([], "/nosuch")
