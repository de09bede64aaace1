import io
import os
import tarfile

import pytest

from minisets.engine.tar_pack import Ownership, pack
from minisets.engine.tar_unpack import unpack
from minisets.errors import EngineError, InputError


def entry(name, content=None, *, kind=None, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.mode, info.linkname, info.mtime = mode, link, 1000
    if kind is not None:
        info.type = kind
    elif content is None:
        info.type = tarfile.DIRTYPE
    else:
        info.size = len(content)
    return info, content


def tar(*entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for info, content in entries:
            made.addfile(info, None if content is None else io.BytesIO(content))
    return stream.getvalue()


def link(name, target):
    return entry(name, kind=tarfile.SYMTYPE, link=target)


@pytest.fixture
def skipped():
    return []


@pytest.fixture
def target(tmp_path):
    return tmp_path / "home" / "target"


@pytest.fixture
def bring(target, skipped):
    def run(*entries, size=7):
        whole = tar(*entries)
        pieces = (whole[at : at + size] for at in range(0, len(whole), size))
        unpack(pieces, target, skipped.append)

    return run


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_first_entry_becomes_the_target(bring, target):
    bring(entry("data", mode=0o750), entry("data/a", b"one", mode=0o640), entry("data/sub/b", b""))
    assert files_of(target) == ["a", "sub", "sub/b"]
    assert (target / "a").read_bytes() == b"one"
    assert (target / "a").stat().st_mode & 0o7777 == 0o640
    assert (target / "a").stat().st_mtime == 1000
    assert target.stat().st_mode & 0o777 == 0o750


def test_a_file_becomes_the_target_and_keeps_what_links_to_it(bring, target):
    target.parent.mkdir()
    target.write_text("before, and longer")
    os.link(target, target.parent / "other")
    bring(entry("a", b"after"))
    assert (target.parent / "other").read_text() == "after"


def test_folders_that_are_there_keep_their_permissions_and_their_files(bring, target):
    target.mkdir(parents=True, mode=0o700)
    (target / "mine").write_text("")
    bring(entry("data", mode=0o777), entry("data/a", b""))
    assert files_of(target) == ["a", "mine"]
    assert target.stat().st_mode & 0o777 == 0o700


def test_nobody_gets_rights_by_unpacking(bring, target):
    bring(entry("data"), entry("data/tool", b"", mode=0o6755))
    assert (target / "tool").stat().st_mode & 0o7777 == 0o755


def test_a_folder_that_may_not_be_written_is_filled_first(bring, target):
    bring(entry("data", mode=0o555), entry("data/a", b"x"))
    assert (target / "a").read_bytes() == b"x"
    assert target.stat().st_mode & 0o777 == 0o555
    target.chmod(0o755)


@pytest.mark.parametrize(
    "name", ["../evil", "data/../../evil", "/etc/evil", "other/evil", "data/a/../../../evil"]
)
def test_a_name_that_leads_out_is_refused(bring, target, name):
    with pytest.raises(EngineError, match="leads out of the target"):
        bring(entry("data"), entry(name, b"evil"))
    assert not [path for path in target.parent.parent.rglob("*") if path.name == "evil"]


@pytest.mark.parametrize(
    "leads_to",
    ["/etc/passwd", "..", "../..", "../../home", "sub/../../..", "./../x", "a/..", "//etc"],
)
def test_a_link_that_leads_out_is_left_out(bring, target, skipped, leads_to):
    bring(entry("data"), link("data/l", leads_to))
    assert files_of(target) == []
    assert len(skipped) == 1
    assert leads_to in skipped[0]


@pytest.mark.parametrize(
    ("name", "leads_to"), [("l", "a"), ("sub/l", "../a"), ("sub/l", "./b"), ("l", "sub/nosuch")]
)
def test_a_link_that_stays_inside_is_kept(bring, target, skipped, name, leads_to):
    bring(entry("data"), entry("data/a", b""), entry("data/sub"), link(f"data/{name}", leads_to))
    assert (target / name).is_symlink()
    # Not by pathlib, which takes a dot away.
    assert os.readlink(target / name) == leads_to  # noqa: PTH115
    assert skipped == []


def test_nothing_is_written_through_a_link_of_the_archive(bring, target, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    bring(
        entry("data"),
        link("data/l", str(outside)),
        entry("data/l/evil", b"x"),
        link("data/f", str(outside / "file")),
        entry("data/f", b"x"),
    )
    assert files_of(outside) == []
    assert (target / "f").read_bytes() == b"x"


def test_links_that_lead_out_together_are_left_out(bring, target):
    # p -> q/.. is inside while q is a name; with q -> . it would be the folder above.
    bring(entry("data"), link("data/p", "q/.."), link("data/q", "."))
    assert files_of(target) == ["q"]
    assert (target / "q").resolve() == target


def test_a_link_of_the_user_that_leads_out_is_not_followed(bring, target, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    target.mkdir(parents=True)
    (target / "l").symlink_to(outside)
    with pytest.raises(InputError, match="leads out"):
        bring(entry("data"), entry("data/l/evil", b"x"))
    assert files_of(outside) == []


def test_an_old_link_is_replaced_instead_of_written_through(bring, target, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    target.mkdir(parents=True)
    (target / "a").symlink_to(outside)
    bring(entry("data"), entry("data/a", b"theirs"))
    assert outside.read_text() == "mine"
    assert not (target / "a").is_symlink()


def test_a_second_name_of_a_file_becomes_a_file(bring, target, skipped):
    bring(
        entry("data"),
        entry("data/a", b"x"),
        entry("data/b", kind=tarfile.LNKTYPE, link="data/a"),
    )
    assert (target / "b").read_bytes() == b"x"
    assert skipped == []


def test_a_second_name_of_what_is_outside_is_refused(bring, tmp_path):
    (tmp_path / "secret").write_text("mine")
    with pytest.raises(EngineError, match="leads out"):
        bring(entry("data"), entry("data/b", kind=tarfile.LNKTYPE, link="data/../../../secret"))


def test_devices_are_left_out(bring, target, skipped):
    bring(entry("data"), entry("data/null", kind=tarfile.CHRTYPE))
    assert files_of(target) == []
    assert len(skipped) == 1


def test_what_is_no_tar_is_an_error_of_the_engine(target):
    with pytest.raises(EngineError, match="no tar"):
        unpack([b"not a tar" * 100], target, lambda _: None)


def test_a_file_where_a_folder_must_be_is_told(bring, target):
    target.parent.mkdir()
    target.write_text("")
    with pytest.raises(InputError, match="cannot write"):
        bring(entry("data"), entry("data/a", b""))


def packed(source, name="top", owner=None):
    skipped: list[str] = []
    whole = b"".join(pack(source, name, owner or Ownership(), skipped.append))
    with tarfile.open(fileobj=io.BytesIO(whole)) as found:
        return {one.name: one for one in found}, skipped


def test_a_folder_is_packed_with_its_links_and_for_its_new_owner(tmp_path):
    source = tmp_path / "src"
    (source / "sub").mkdir(parents=True)
    (source / "a").write_bytes(b"x" * 1000)
    (source / "a").chmod(0o600)
    (source / "l").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    found, skipped = packed(source, owner=Ownership(uid=7, gid=8))
    assert list(found) == ["top", "top/a", "top/l", "top/sub"]
    assert (found["top/a"].size, found["top/a"].mode) == (1000, 0o600)
    assert {(one.uid, one.gid) for one in found.values()} == {(7, 8)}
    assert found["top/l"].linkname == "/etc/passwd"
    assert len(skipped) == 1


def test_usual_permissions_on_request(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"")
    file.chmod(0o600)
    found, _ = packed(file, owner=Ownership(keeps_modes=False))
    assert found["top"].mode == 0o644


def test_only_what_is_in_a_folder_is_packed_under_no_name(tmp_path):
    (tmp_path / ("long" * 50)).write_bytes(b"")
    found, _ = packed(tmp_path, name="")
    assert list(found) == ["long" * 50]


def test_a_link_at_the_start_is_followed(tmp_path):
    (tmp_path / "a").write_bytes(b"xyz")
    (tmp_path / "l").symlink_to("a")
    found, _ = packed(tmp_path / "l")
    assert found["top"].size == 3


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        packed(tmp_path / "nosuch")


def test_what_was_packed_can_be_unpacked(tmp_path):
    source = tmp_path / "src"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "b").write_bytes(os.urandom(300_000))
    unpack(pack(source, "top", Ownership(), lambda _: None), tmp_path / "dst", lambda _: None)
    assert (tmp_path / "dst/sub/b").read_bytes() == (source / "sub/b").read_bytes()
