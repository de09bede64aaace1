"""What the porter does on every Engine; inherited by the tests on the fake and on the real one."""

from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_volumes import Root
from minisets.engine.pause_image import ensure_pause_image
from minisets.engine.porter import Porter
from minisets.engine.ports import Engine
from minisets.errors import EngineMissing, NotConverged


def file(path: str, content: bytes = b"", **more: int) -> FileEntry:
    return FileEntry(path=path, content=content, **more)


class PorterContract:
    """Needs the fixtures ``engine`` and ``namespace``."""

    @pytest.fixture
    def porter(self, engine: Engine, namespace: str) -> Porter:
        return Porter(engine, namespace, lambda: ensure_pause_image(engine))

    @pytest.fixture
    def volumes(self, engine: Engine, namespace: str) -> tuple[str, str]:
        names = (f"a-{namespace}", f"b-{namespace}")
        for name in names:
            engine.create_volume(name, labels={labels.NAMESPACE: namespace})
        return names

    def test_what_was_written_is_read(self, porter: Porter, volumes):
        a, b = volumes
        porter.write({a: [file("k", b"one"), file("d/e", b"\0\xff")], b: [file("x")]})
        porter.write({a: [file("k", b"two")]})
        assert porter.read_all(volumes) == {a: {"k": b"two", "d/e": b"\0\xff"}, b: {"x": b""}}
        assert porter.read(a, "d") == {"d/e": b"\0\xff"}
        assert porter.read(a, "k") == {"k": b"two"}
        assert porter.read(b) == {"x": b""}
        with pytest.raises(EngineMissing):
            porter.read(a, "nosuch")

    def test_nothing_of_the_porter_stays(self, engine: Engine, namespace, porter, volumes):
        porter.write({name: [file("k", b"one")] for name in volumes})
        porter.publish({volumes[0]: [file("k", b"two")]})
        porter.publish({volumes[0]: [file("k", b"three")]})
        with pytest.raises(EngineMissing):
            porter.read(volumes[0], "nosuch")
        assert engine.containers({labels.NAMESPACE: namespace}) == ()

    def test_modes_and_owners_are_kept(self, engine: Engine, porter: Porter, volumes, namespace):
        porter.prepare({volumes[0]: Root(mode=0o2770, gid=2000), volumes[1]: Root(uid=1000)})
        porter.write({volumes[0]: [file("k", b"one", mode=0o440, uid=5, gid=6)]})
        seen = look(engine, namespace, volumes)
        assert seen("/v/0/.") == ("directory", 0o2770, 0, 2000)
        assert seen("/v/1/.") == ("directory", 0o777, 1000, 0)
        assert seen("/v/0/k") == ("file", 0o440, 5, 6)

    def test_files_are_handed_to_a_group_where_the_root_is_not_its_own(
        self, engine: Engine, porter: Porter, volumes, namespace
    ):
        _, b = volumes
        porter.write({name: [file("d/k", b"one", mode=0o600, uid=5)] for name in volumes})
        porter.prepare({b: Root(mode=0o2775, gid=2000)})
        porter.hand_over(volumes, 2000)
        seen = look(engine, namespace, volumes)
        assert seen("/v/0/.") == ("directory", 0o2775, 0, 2000)
        assert seen("/v/0/d") == ("directory", 0o2775, 0, 2000)
        assert seen("/v/0/d/k") == ("file", 0o660, 5, 2000)
        assert seen("/v/1/d/k") == ("file", 0o600, 5, 0)
        porter.hand_over([b], 2000, always=True)
        assert seen("/v/1/d/k") == ("file", 0o660, 5, 2000)

    def test_published_files_replace_all_others(self, porter: Porter, volumes):
        a, b = volumes
        both = {a: [file("k", b"one"), file("d/e", b"two")], b: [file("x", b"1")]}
        assert porter.publish(both) == {a, b}
        assert porter.publish(both) == frozenset()
        assert current(porter, a) == {"k": b"one", "d/e": b"two"}
        both[a] = [file("k", b"three"), file("new", b"four")]
        assert porter.publish(both) == {a}
        assert current(porter, a) == {"k": b"three", "new": b"four"}
        assert porter.publish(both) == frozenset()
        assert porter.publish({a: []}) == {a}
        # The files of the time before last are gone, not only out of sight.
        assert set(porter.read(a).values()) == {b"three", b"four"}

    def test_who_has_just_followed_the_link_still_finds_the_files_of_before(
        self, engine: Engine, porter: Porter, volumes, namespace
    ):
        a, _ = volumes
        porter.publish({a: [file("k", b"one")]})
        (data,) = (entry for entry in porter.entries(a) if entry.path == "..data")
        porter.publish({a: [file("k", b"two")]})
        assert porter.read(a, data.target) == {f"{data.target}/k": b"one"}
        porter.publish({a: [file("k", b"three")]})
        assert look(engine, namespace, volumes)(f"/v/0/{data.target}") is None

    def test_published_names_are_links_that_one_rename_changes(
        self, engine: Engine, porter: Porter, volumes, namespace
    ):
        a, _ = volumes
        porter.publish({a: [file("k", b"one"), file("gone", b"x")]})
        seen = look(engine, namespace, volumes)
        assert seen("/v/0/k")[0] == seen("/v/0/..data")[0] == seen("/v/0/gone")[0] == "link"
        porter.publish({a: [file("k", b"two"), file("added", b"y")]})
        assert seen("/v/0/k")[0] == seen("/v/0/added")[0] == "link"
        assert seen("/v/0/gone") is None
        assert seen("/v/0/..data_tmp") is None

    def test_a_publication_that_was_interrupted_is_continued(
        self, engine: Engine, porter: Porter, volumes, namespace
    ):
        a, _ = volumes
        porter.publish({a: [file("k", b"one")]})
        # As if the command had been killed before the links: their files are there.
        names = [entry.path for entry in porter.entries(a) if entry.path.startswith("..")]
        folder = next(name for name in names if name not in {"..data"} and "/" not in name)
        porter.write({a: [file(f"{folder}/late", b"x"), file("stray", b"y")]})
        assert porter.publish({a: [file("k", b"one")]}) == {a}
        assert look(engine, namespace, volumes)("/v/0/stray") is None

    def test_a_path_is_made_with_the_owner_of_the_root(
        self, engine: Engine, porter: Porter, volumes, namespace
    ):
        a, _ = volumes
        porter.prepare({a: Root(mode=0o2775, uid=7, gid=8)})
        assert porter.check_path(a, "one/two") == "directory"
        assert look(engine, namespace, volumes)("/v/0/one/two") == ("directory", 0o2775, 7, 8)
        porter.write({a: [file("one/file", b"x")]})
        assert porter.check_path(a, "one/three") == "directory"
        assert porter.check_path(a, "one") == "directory"
        assert porter.check_path(a, "./one//file") == "file"
        assert porter.read(a) == {"one/file": b"x"}

    def test_a_path_through_a_link_a_file_or_the_parent_is_refused(self, porter: Porter, volumes):
        a, _ = volumes
        porter.publish({a: [file("dir/k", b"one")]})
        porter.write({a: [file("file", b"x")]})
        for path in ("dir", "dir/k", "file/x", "..", "../b"):
            with pytest.raises(NotConverged, match="cannot be mounted"):
                porter.check_path(a, path)

    def test_a_container_that_is_taken_away_is_made_again(
        self, engine: Engine, porter: Porter, volumes, namespace, monkeypatch
    ):
        put = engine.put_archive
        taken: list[str] = []

        def take_away(container_id: str, path: str, tar: bytes) -> None:
            if not taken:
                taken.append(container_id)
                engine.remove_container(container_id)
            put(container_id, path, tar)

        monkeypatch.setattr(engine, "put_archive", take_away)
        porter.write({volumes[0]: [file("k", b"one")]})
        assert porter.read(volumes[0]) == {"k": b"one"}


def current(porter: Porter, volume: str) -> dict[str, bytes]:
    """Return the files that a container sees, which are behind links."""
    (data,) = (entry for entry in porter.entries(volume) if entry.path == "..data")
    return {
        path.partition("/")[2]: content
        for path, content in porter.read(volume, data.target).items()
    }


def look(engine: Engine, namespace: str, volumes: tuple[str, ...]):
    """Return a function that tells what a path in a container of the volumes is."""
    mounts = [
        {"Type": "volume", "Source": name, "Target": f"/v/{index}"}
        for index, name in enumerate(volumes)
    ]
    made = engine.create_container(
        f"look-{namespace}",
        {
            "Image": ensure_pause_image(engine),
            "Labels": {labels.NAMESPACE: namespace},
            "HostConfig": {"Mounts": mounts},
        },
    )

    def seen(path: str):
        entry = engine.archive_entry(made, path)
        return None if entry is None else (entry.kind, entry.mode, entry.uid, entry.gid)

    return seen
