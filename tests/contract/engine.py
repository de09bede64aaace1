"""What every Engine does; inherited by the tests of the fake one and of the real one."""

from __future__ import annotations

import io
import ipaddress
import secrets
import socket
import tarfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from minisets.core import labels
from minisets.core.observed import ContainerStatus
from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.archives import (
    ArchiveEntry,
    DirectoryEntry,
    LinkEntry,
    pack,
    unpack,
)
from minisets.engine.ports import Engine
from minisets.errors import (
    AddressTaken,
    Contended,
    EngineConflict,
    EngineError,
    EngineMissing,
    ImageError,
)

DEMO = "minisets/demo:1"
NOBODY = "0" * 64


def body(namespace: str, **more: Any) -> dict[str, Any]:
    own = {"Image": DEMO, "StopTimeout": 1, "Labels": {labels.NAMESPACE: namespace, "k": "v"}}
    return own | more


def make_network(engine: Engine, namespace: str) -> tuple[str, str]:
    """Create a network of the test's own in a free subnet; return its id and subnet."""
    for number in range(256):
        subnet = f"10.213.{number}.0/24"
        made = engine.create_network(
            f"net-{namespace}",
            subnet=subnet,
            ip_range=f"10.213.{number}.128/25",
            gateway=f"10.213.{number}.1",
            labels={labels.NAMESPACE: namespace},
        )
        if made is not None:
            return made, subnet
    pytest.fail("no subnet is free")


def endpoint(namespace: str, address: str) -> dict[str, Any]:
    name = f"net-{namespace}"
    return {
        "HostConfig": {"NetworkMode": name},
        "NetworkingConfig": {
            "EndpointsConfig": {name: {"IPAMConfig": {"IPv4Address": address}, "Aliases": ["a"]}}
        },
    }


def address_in(subnet: str, number: int) -> str:
    return str(ipaddress.ip_network(subnet)[number])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def published(port: int) -> dict[str, Any]:
    binding = [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
    return {"ExposedPorts": {"80/tcp": {}}, "HostConfig": {"PortBindings": {"80/tcp": binding}}}


class EngineContract:
    """Needs the fixtures ``engine`` and ``namespace``."""

    def test_a_volume_keeps_the_labels_of_its_first_creation(self, engine: Engine, namespace):
        first = {labels.NAMESPACE: namespace, "writer": "first"}
        engine.create_volume(f"v-{namespace}", labels=first)
        again = engine.create_volume(f"v-{namespace}", labels=first | {"writer": "second"})
        assert again.labels == first
        assert again.options == {}

    def test_exactly_one_of_eight_racing_volume_creates_wins(self, engine: Engine, namespace):
        def create(writer: int) -> str:
            own = {labels.NAMESPACE: namespace, "writer": str(writer)}
            return engine.create_volume(f"v-{namespace}", labels=own).labels["writer"]

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(create, range(8)))) == 1

    def test_volumes_are_listed_by_all_labels_given(self, engine: Engine, namespace):
        engine.create_volume(f"a-{namespace}", labels={labels.NAMESPACE: namespace, "k": "1"})
        engine.create_volume(f"b-{namespace}", labels={labels.NAMESPACE: namespace, "k": "2"})
        engine.create_volume(f"c-{namespace}", labels={labels.NAMESPACE: namespace})

        def names(**more: str | None) -> set[str]:
            return {v.name for v in engine.volumes({labels.NAMESPACE: namespace} | more)}

        assert names(k="1") == {f"a-{namespace}"}
        assert names(k=None) == {f"a-{namespace}", f"b-{namespace}"}
        assert len(names()) == 3

    def test_removing_what_is_gone_is_fine(self, engine: Engine, namespace):
        engine.create_volume(f"v-{namespace}", labels={})
        engine.remove_volume(f"v-{namespace}")
        engine.remove_volume(f"v-{namespace}")
        engine.remove_network(NOBODY)
        engine.remove_container(NOBODY)

    def test_a_volume_in_use_is_not_removed(self, engine: Engine, namespace):
        volume = f"v-{namespace}"
        engine.create_volume(volume, labels={labels.NAMESPACE: namespace})
        mount = {"Type": "volume", "Source": volume, "Target": "/data"}
        engine.create_container(f"c-{namespace}", body(namespace, HostConfig={"Mounts": [mount]}))
        with pytest.raises(EngineConflict):
            engine.remove_volume(volume)

    def test_a_network_has_the_subnet_it_was_given(self, engine: Engine, namespace):
        network, subnet = make_network(engine, namespace)
        seen = next(one for one in engine.networks() if one.id == network)
        assert seen.subnets == (subnet,)
        assert seen.gateway == address_in(subnet, 1)
        assert seen.ip_range == f"{address_in(subnet, 128)}/25"
        assert seen.labels[labels.NAMESPACE] == namespace

    def test_a_network_that_overlaps_is_none(self, engine: Engine, namespace):
        _, subnet = make_network(engine, namespace)
        gateway = address_in(subnet, 1)
        again = engine.create_network(
            f"other-{namespace}", subnet=subnet, ip_range=subnet, gateway=gateway, labels={}
        )
        assert again is None

    def test_exactly_one_of_eight_racing_network_creates_wins(self, engine: Engine, namespace):
        # No other test's, which run at the same time.
        subnet = f"10.{220 + secrets.randbelow(30)}.{secrets.randbelow(256)}.0/24"

        def create(_: int) -> str | None:
            return engine.create_network(
                f"net-{namespace}",
                subnet=subnet,
                ip_range=f"{address_in(subnet, 128)}/25",
                gateway=address_in(subnet, 1),
                labels={labels.NAMESPACE: namespace},
            )

        with ThreadPoolExecutor(8) as pool:
            assert len([made for made in pool.map(create, range(8)) if made]) == 1

    def test_a_network_name_is_taken_once(self, engine: Engine, namespace):
        make_network(engine, namespace)
        again = engine.create_network(
            f"net-{namespace}",
            subnet="10.214.255.0/24",
            ip_range="10.214.255.128/25",
            gateway="10.214.255.1",
            labels={labels.NAMESPACE: namespace},
        )
        assert again is None

    def test_a_created_container_is_listed_with_its_fixed_address(self, engine: Engine, namespace):
        network, subnet = make_network(engine, namespace)
        address = address_in(subnet, 5)
        made = engine.create_container(
            f"c-{namespace}", body(namespace, **endpoint(namespace, address))
        )
        (seen,) = engine.containers({labels.NAMESPACE: namespace})
        assert (seen.id, seen.name) == (made, f"c-{namespace}")
        assert seen.status is ContainerStatus.CREATED
        assert seen.image == DEMO
        assert seen.addresses == {f"net-{namespace}": address}
        assert seen.network_mode == f"net-{namespace}"
        engine.start(made)
        (seen,) = engine.containers({labels.NAMESPACE: namespace})
        assert seen.status is ContainerStatus.RUNNING
        assert seen.addresses == {f"net-{namespace}": address}
        assert seen.network_ids == {f"net-{namespace}": network}

    def test_containers_are_listed_by_all_labels_given(self, engine: Engine, namespace):
        engine.create_container(f"c-{namespace}", body(namespace))
        assert len(engine.containers({labels.NAMESPACE: namespace, "k": None})) == 1
        assert engine.containers({labels.NAMESPACE: namespace, "k": "other"}) == ()

    def test_a_taken_name_names_its_owner(self, engine: Engine, namespace):
        ours = body(namespace, Labels=labels.base(labels.KIND_POD, namespace))
        owner = engine.create_container(f"c-{namespace}", ours)
        # One of minisets: perhaps another command made it this moment.
        with pytest.raises(Contended, match=f"c-{namespace}.*{owner[:12]}.*{DEMO}"):
            engine.create_container(f"c-{namespace}", body(namespace))

    def test_a_name_that_a_foreign_container_has_is_no_matter_of_the_moment(
        self, engine: Engine, namespace
    ):
        engine.create_container(f"c-{namespace}", body(namespace))
        with pytest.raises(EngineConflict, match="which minisets did not create") as caught:
            engine.create_container(f"c-{namespace}", body(namespace))
        assert not isinstance(caught.value, Contended)

    def test_a_missing_image_is_an_image_error(self, engine: Engine, namespace):
        with pytest.raises(ImageError, match=f"nosuch-{namespace}"):
            engine.create_container(
                f"c-{namespace}", body(namespace, Image=f"nosuch-{namespace}:1")
            )
        assert engine.image(f"nosuch-{namespace}:1") is None

    def test_an_image_is_found_by_name_and_by_id(self, engine: Engine):
        found = engine.image(DEMO)
        assert found is not None
        assert engine.image(found.id) == found

    def test_start_and_stop_may_be_repeated(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        engine.start(made)
        assert engine.inspect(made).status is ContainerStatus.RUNNING
        assert engine.inspect(made).started_at > 0
        assert engine.inspect(made).finished_at == 0
        engine.stop(made, grace_seconds=2)
        engine.stop(made)
        assert engine.inspect(made).status is ContainerStatus.EXITED
        assert engine.inspect(made).finished_at > 0

    def test_a_restart_runs_it_again(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.restart(made)
        assert engine.inspect(made).status is ContainerStatus.RUNNING

    def test_a_container_forgoes_the_restarts_that_it_was_made_for(
        self, engine: Engine, namespace
    ):
        host = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
        made = engine.create_container(f"c-{namespace}", body(namespace, **host))
        engine.start(made)
        engine.forgo_restarts(made)
        assert engine.inspect(made).status is ContainerStatus.RUNNING
        policy = engine.inspect(made).host_config["RestartPolicy"]
        assert policy == {"Name": "no", "MaximumRetryCount": 0}
        engine.resume_restarts(made)
        policy = engine.inspect(made).host_config["RestartPolicy"]
        assert policy == {"Name": "always", "MaximumRetryCount": 0}

    def test_a_running_container_is_removed_only_by_force(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        with pytest.raises(EngineError):
            engine.remove_container(made)
        engine.remove_container(made, force=True)
        with pytest.raises(EngineMissing):
            engine.inspect(made)

    def test_four_removals_at_once_all_succeed(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: engine.remove_container(made, force=True), range(4)))
        assert engine.containers({labels.NAMESPACE: namespace}) == ()

    def test_a_taken_address_is_a_conflict_at_the_start(self, engine: Engine, namespace):
        _, subnet = make_network(engine, namespace)
        same = endpoint(namespace, address_in(subnet, 7))
        engine.start(engine.create_container(f"a-{namespace}", body(namespace, **same)))
        second = engine.create_container(f"b-{namespace}", body(namespace, **same))
        with pytest.raises(AddressTaken, match="in use"):
            engine.start(second)
        assert engine.inspect(second).status is ContainerStatus.CREATED
        assert "in use" in engine.inspect(second).error

    def test_a_taken_host_port_is_a_conflict_at_the_start(self, engine: Engine, namespace):
        same = published(free_port())
        first = engine.create_container(f"a-{namespace}", body(namespace, **same))
        engine.start(first)
        second = engine.create_container(f"b-{namespace}", body(namespace, **same))
        with pytest.raises(EngineConflict):
            engine.start(second)
        engine.remove_container(first, force=True)
        engine.start(second)
        (seen,) = engine.containers({labels.NAMESPACE: namespace})
        (port,) = seen.ports
        assert (port.container_port, port.host_address) == (80, "127.0.0.1")

    def test_a_network_in_use_is_not_removed(self, engine: Engine, namespace):
        network, subnet = make_network(engine, namespace)
        made = engine.create_container(
            f"c-{namespace}", body(namespace, **endpoint(namespace, address_in(subnet, 5)))
        )
        engine.start(made)
        with pytest.raises(EngineConflict):
            engine.remove_network(network)

    def test_a_running_container_moves_to_another_address(self, engine: Engine, namespace):
        network, subnet = make_network(engine, namespace)
        made = engine.create_container(
            f"c-{namespace}", body(namespace, **endpoint(namespace, address_in(subnet, 5)))
        )
        engine.start(made)
        engine.disconnect(network, made)
        engine.connect(network, made, address=address_in(subnet, 6), aliases=("b",))
        (seen,) = engine.containers({labels.NAMESPACE: namespace})
        assert seen.addresses == {f"net-{namespace}": address_in(subnet, 6)}

    @pytest.mark.parametrize("verb", ["start", "stop", "restart", "unpause", "inspect"])
    def test_an_unknown_container_is_missing(self, engine: Engine, verb):
        with pytest.raises(EngineMissing):
            getattr(engine, verb)(NOBODY)

    def test_files_are_put_before_the_first_start(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            entry = tarfile.TarInfo("mine")
            entry.type, entry.mode, entry.uid = tarfile.DIRTYPE, 0o2775, 1234
            tar.addfile(entry)
        engine.put_archive(made, "/tmp", stream.getvalue())  # noqa: S108 - the container's
        assert engine.archive_head(made, "/tmp/mine") == (1234, 0o2775)  # noqa: S108
        assert engine.archive_head(made, "/tmp/nosuch") is None  # noqa: S108
        with pytest.raises(EngineMissing):
            engine.archive_head(NOBODY, "/")

    def test_what_happened_to_containers_is_remembered(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        engine.stop(made)
        found = list(
            engine.events(
                since=engine.inspect(made).started_at - 60,
                until=engine.inspect(made).finished_at + 1,
                types=("container",),
                actions=("create", "start", "die"),
                labels={labels.NAMESPACE: namespace},
            )
        )
        assert [event.action for event in found] == ["create", "start", "die"]
        assert {(event.type, event.id, event.name) for event in found} == {
            ("container", made, f"c-{namespace}")
        }
        assert "exitCode" in found[-1].attributes
        assert found == sorted(found, key=lambda event: event.time)

    def test_what_happens_is_told_at_once_to_who_follows(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        began = engine.inspect(made).started_at
        stream = engine.events(since=began - 60, labels={labels.NAMESPACE: namespace})
        assert next(stream).action == "create"
        engine.stop(made)
        assert any(event.action == "die" for event in stream)

    def test_volumes_come_and_go_as_events(self, engine: Engine, namespace):
        name = f"v-{namespace}"
        made = engine.create_container(f"c-{namespace}", body(namespace))
        engine.start(made)
        began = engine.inspect(made).started_at
        stream = engine.events(since=began, types=("volume",), actions=("create", "destroy"))
        engine.create_volume(name, labels={labels.NAMESPACE: namespace})
        engine.remove_volume(name)
        own = (event.action for event in stream if event.id == name)
        assert [next(own), next(own)] == ["create", "destroy"]

    def test_volumes_are_measured(self, engine: Engine, namespace):
        engine.create_volume(f"v-{namespace}", labels={labels.NAMESPACE: namespace})
        assert engine.volume_sizes()[f"v-{namespace}"] == 0

    def test_files_are_got_as_they_were_put(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        entries = (
            DirectoryEntry(path="/x", mode=0o750, gid=7),
            FileEntry(path="/x/file", content=b"content", mode=0o640, uid=5),
            LinkEntry(path="/x/link", target="nowhere"),
        )
        engine.put_archive(made, "/", pack(entries))
        got = {entry.path: entry for entry in unpack(engine.get_archive(made, "/x/."))}
        assert got["file"] == ArchiveEntry(
            path="file", kind="file", mode=0o640, uid=5, gid=0, content=b"content"
        )
        assert (got["link"].kind, got["link"].target) == ("link", "nowhere")
        folder = engine.archive_entry(made, "/x")
        assert folder == ArchiveEntry(path="x", kind="directory", mode=0o750, uid=0, gid=7)
        link = engine.archive_entry(made, "/x/link")
        assert link is not None
        assert (link.kind, link.target) == ("link", "nowhere")
        assert engine.archive_entry(made, "/x/nosuch") is None
        with pytest.raises(EngineMissing):
            engine.get_archive(made, "/x/nosuch")

    def test_a_command_needs_a_running_container(self, engine: Engine, namespace):
        made = engine.create_container(f"c-{namespace}", body(namespace))
        with pytest.raises(EngineError):
            engine.exec(made, ("true",))
        engine.start(made)
        assert engine.exec(made, ("true",)).exit_code == 0
