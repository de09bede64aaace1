from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from minisets.core import labels
from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodSpec
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.identity import NetworkPlace, PodIdentity
from minisets.core.pod.kubelet import (
    Care,
    CreateContainers,
    RenamePod,
    ReplacePod,
    RestartContainer,
    RestoreSandbox,
    StartContainer,
    UnpauseContainer,
    care,
    missing,
    new_claims,
)
from minisets.core.pod.layout import Role, layout
from minisets.core.pod.seen import PodSeen

IDENTITY = PodIdentity(
    pod="web-0",
    ordinal=0,
    namespace="default",
    domain="",
    address="10.0.0.2",
    aliases=("web-0",),
    hosts=(),
)
POD = decode_as({"containers": [{"name": "app", "image": "i"}]}, PodSpec)
NETWORK = NetworkPlace(id="n1", name="minisets_default", subnet="10.0.0.0/20")


def _seen(status: ContainerStatus = ContainerStatus.RUNNING, **changes: Any) -> ContainerSeen:
    fields: dict[str, Any] = {
        "labels": {labels.NAMES: IDENTITY.names_hash},
        "network_ids": {"minisets_default": "n1"},
        **changes,
    }
    fields["labels"] = {labels.CONTAINER: "app", **fields["labels"]}
    return ContainerSeen(id="c0", name="web-0", status=status, **fields)


def _care(
    container: ContainerSeen,
    network: NetworkPlace | None = NETWORK,
    given: dict[str, str] | None = None,
    identity: PodIdentity = IDENTITY,
) -> Care | None:
    return care(
        PodSeen(name="web-0", containers=(container,)),
        parts=layout(POD),
        aliases=identity.aliases,
        network=network,
        given_names=given or {},
    )


def test_a_pod_that_runs_under_its_names_needs_nothing():
    assert _care(_seen()) is None


@pytest.mark.parametrize(
    "status", [ContainerStatus.RESTARTING, ContainerStatus.DEAD, ContainerStatus.REMOVING]
)
def test_what_the_engine_is_busy_with_is_left_alone(status):
    assert _care(_seen(status)) is None


def test_a_stopped_pod_is_started():
    found = _care(_seen(ContainerStatus.EXITED))
    assert isinstance(found, StartContainer)
    assert (found.pod, found.container_id, found.part.name) == ("web-0", "c0", "app")
    assert found.cause == "it was stopped by hand or by the Engine"


def test_a_container_that_was_created_and_not_started_is_started():
    found = _care(_seen(ContainerStatus.CREATED))
    assert isinstance(found, StartContainer)
    assert found.cause == "it was created and not started"


def test_the_label_tells_which_claims_were_new():
    assert new_claims(_seen(labels={labels.NEW_CLAIMS: "a,b"})) == ("a", "b")


def test_a_paused_pod_is_resumed():
    assert isinstance(_care(_seen(ContainerStatus.PAUSED)), UnpauseContainer)


@pytest.mark.parametrize("status", [ContainerStatus.RUNNING, ContainerStatus.EXITED])
def test_a_pod_of_a_network_that_was_made_again_is_replaced(status):
    found = _care(_seen(status, network_ids={"minisets_default": "n0"}))
    assert isinstance(found, ReplacePod)
    assert found.cause == "its network was removed and made again"


def test_a_list_that_has_the_name_of_the_network_for_its_id_tells_of_no_loss():
    # Podman's list.
    assert _care(_seen(network_ids={"minisets_default": "minisets_default"})) is None


def test_without_a_network_nothing_is_lost():
    assert _care(_seen(network_ids={"minisets_default": "n0"}), network=None) is None


def test_a_pod_with_other_names_is_renamed():
    found = _care(_seen(labels={labels.NAMES: "old"}))
    assert isinstance(found, RenamePod)
    assert (found.names_hash, found.cause) == (
        IDENTITY.names_hash,
        "the Services that select it have changed",
    )


def test_names_given_after_creation_count_more_than_the_label():
    assert _care(_seen(labels={labels.NAMES: "old"}), given={"c0": IDENTITY.names_hash}) is None
    assert isinstance(_care(_seen(), given={"c0": "old"}), RenamePod)
    assert _care(_seen(), given={"another": "old"}) is None


def test_a_pod_off_its_network_is_connected_again():
    found = _care(_seen(network_ids={"bridge": "b"}))
    assert isinstance(found, RenamePod)
    assert found.cause == "it is off its network"


def test_a_pod_of_the_hosts_network_is_never_renamed():
    assert _care(_seen(labels={labels.NAMES: "old"}, network_ids={}, network_mode="host")) is None


def test_a_pod_whose_set_goes_to_the_hosts_network_keeps_its_names_until_it_is_replaced():
    assert _care(_seen(), identity=replace(IDENTITY, address=None, aliases=())) is None


def test_a_stopped_pod_is_not_renamed_before_it_runs():
    assert isinstance(
        _care(_seen(ContainerStatus.EXITED, labels={labels.NAMES: "old"})), StartContainer
    )


def test_a_pod_that_does_not_run_steadily_is_not_renamed():
    assert _care(_seen(ContainerStatus.RESTARTING, labels={labels.NAMES: "old"})) is None


def test_no_label_means_no_new_claims():
    assert new_claims(_seen()) == ()


WHOLE = decode_as(
    {
        "initContainers": [
            {"name": "init", "image": "i"},
            {
                "name": "side",
                "image": "i",
                "restartPolicy": "Always",
                "startupProbe": {"exec": {"command": ["true"]}},
            },
        ],
        "containers": [{"name": "app", "image": "i"}, {"name": "log", "image": "i"}],
    },
    PodSpec,
)
BOX = "container:_pod"


def test_a_list_that_does_not_say_whose_network_is_shared_tells_of_no_loss(monkeypatch):
    # Podman's list.
    monkeypatch.setattr("tests.unit.test_kubelet.BOX", "")
    assert _whole() is None
    monkeypatch.setattr("tests.unit.test_kubelet.BOX", "container:another")
    assert isinstance(_whole(), ReplacePod)


PREPARED = decode_as(
    {
        "initContainers": [{"name": "one", "image": "i"}, {"name": "two", "image": "i"}],
        "containers": [{"name": "app", "image": "i"}],
    },
    PodSpec,
)


def _prepared(*containers: ContainerSeen) -> Care | None:
    """Decide about a pod of one container, with two init containers and no sandbox."""
    return care(
        PodSeen(name="web-0", containers=containers),
        parts=layout(PREPARED),
        aliases=IDENTITY.aliases,
        network=NETWORK,
        given_names={},
    )


def _init(name: str, status: ContainerStatus, text: str = "") -> ContainerSeen:
    return ContainerSeen(
        id=name,
        name=name,
        status=status,
        status_text=text,
        labels={labels.CONTAINER: name, labels.ROLE: Role.INIT, labels.NAMES: "old"},
        network_ids={"minisets_default": "n1"},
    )


def test_an_init_container_on_the_network_is_not_disturbed_by_other_names():
    assert _prepared(_init("one", ContainerStatus.RUNNING)) is None


def test_init_containers_of_an_earlier_template_are_replaced_with_their_pod():
    done = _init("one", ContainerStatus.EXITED, "Exited (0) now")
    found = _prepared(done, _init("gone", ContainerStatus.RUNNING))
    assert isinstance(found, ReplacePod)
    assert found.cause == "its init containers are not those of its template"


def test_init_containers_of_an_earlier_template_do_not_matter_once_the_pod_runs():
    earlier = _init("gone", ContainerStatus.EXITED, "Exited (0) now")
    assert _prepared(earlier, _seen()) is None


def _part(name: str, status: ContainerStatus, role: Role, code: int = 0) -> ContainerSeen:
    is_box = role is Role.SANDBOX
    return ContainerSeen(
        id=name,
        name=name,
        status=status,
        status_text=f"Exited ({code}) now" if status is ContainerStatus.EXITED else "",
        labels={labels.CONTAINER: name, labels.ROLE: role, labels.NAMES: IDENTITY.names_hash},
        network_ids={"minisets_default": "n1"} if is_box else {},
        network_mode="minisets_default" if is_box else BOX,
    )


def _whole(
    sandbox: ContainerStatus | None = ContainerStatus.RUNNING,
    init: ContainerStatus | None = ContainerStatus.EXITED,
    side: ContainerStatus | None = ContainerStatus.RUNNING,
    app: ContainerStatus | None = ContainerStatus.RUNNING,
    log: ContainerStatus | None = ContainerStatus.RUNNING,
    *,
    code: int = 0,
    started: tuple[str, ...] = ("side",),
    unwell: dict[str, str] | None = None,
    identity: PodIdentity = IDENTITY,
) -> Care | None:
    """Decide about a pod; a container whose status is None is not there."""
    found = [
        _part(name, status, role, code)
        for name, status, role in (
            ("_pod", sandbox, Role.SANDBOX),
            ("init", init, Role.INIT),
            ("side", side, Role.SIDECAR),
            ("app", app, Role.MAIN),
            ("log", log, Role.MAIN),
        )
        if status is not None
    ]
    return care(
        PodSeen(name="web-0", containers=tuple(found)),
        parts=layout(WHOLE),
        aliases=identity.aliases,
        network=NETWORK,
        given_names={},
        started=started,
        unwell=unwell or {},
    )


RENAMED = replace(IDENTITY, aliases=("web-0", "web"))
UP, DOWN, NEW = ContainerStatus.RUNNING, ContainerStatus.EXITED, ContainerStatus.CREATED


def test_a_whole_pod_that_runs_needs_nothing():
    assert _whole() is None


def test_what_runs_in_a_sandbox_that_is_down_is_stopped_before_the_sandbox_starts():
    found = _whole(sandbox=DOWN, log=DOWN)
    assert isinstance(found, RestoreSandbox)
    assert (found.container_id, found.running) == ("_pod", ("side", "app"))
    assert found.cause == "it was stopped by hand or by the Engine"


def test_a_pod_whose_sandbox_is_gone_is_made_anew():
    assert isinstance(_whole(sandbox=None), ReplacePod)


@pytest.mark.parametrize("init", [UP, ContainerStatus.RESTARTING])
def test_nothing_is_created_before_an_init_container_has_ended(init):
    assert _whole(init=init, side=None, app=None, log=None) is None


def test_a_sandbox_is_renamed_while_its_init_container_runs():
    found = _whole(init=UP, side=None, app=None, log=None, identity=RENAMED)
    assert isinstance(found, RenamePod)
    assert (found.container_id, found.names_hash) == ("_pod", RENAMED.names_hash)


def test_an_init_container_that_was_stopped_is_started_again():
    found = _whole(init=DOWN, code=137, side=None, app=None, log=None)
    assert isinstance(found, StartContainer)
    assert found.container_id == "init"


def test_an_init_container_that_is_not_there_is_created_before_the_others():
    found = _whole(init=None, side=None, app=None, log=None)
    assert isinstance(found, CreateContainers)
    assert found.cause == "container init is to come"


def test_containers_in_the_network_of_an_earlier_sandbox_are_made_anew():
    sandbox = _part("_pod", UP, Role.SANDBOX)
    app = msgspec.structs.replace(_part("app", UP, Role.MAIN), network_mode="container:earlier")
    found = care(
        PodSeen(name="web-0", containers=(sandbox, app)),
        parts=layout(WHOLE),
        aliases=IDENTITY.aliases,
        network=NETWORK,
        given_names={},
    )
    assert isinstance(found, ReplacePod)
    assert found.cause == "its sandbox is gone"


def test_a_sidecar_without_a_startup_probe_keeps_nothing_waiting():
    spec = decode_as(
        {
            "initContainers": [{"name": "side", "image": "i", "restartPolicy": "Always"}],
            "containers": [{"name": "app", "image": "i"}],
        },
        PodSpec,
    )
    parts = (_part("_pod", UP, Role.SANDBOX), _part("side", UP, Role.SIDECAR))
    found = care(
        PodSeen(name="web-0", containers=parts),
        parts=layout(spec),
        aliases=IDENTITY.aliases,
        network=NETWORK,
        given_names={},
    )
    assert isinstance(found, CreateContainers)


def test_after_an_init_container_has_ended_the_rest_is_created():
    found = _whole(side=None, app=None, log=None)
    assert isinstance(found, CreateContainers)
    assert found.cause == "container side is to come"


def test_a_sidecar_has_to_have_started_before_what_follows_it():
    assert _whole(app=None, log=None, started=()) is None
    assert isinstance(_whole(app=None, log=None, started=("side",)), CreateContainers)


@pytest.mark.parametrize("init", [None, DOWN])
def test_an_init_container_is_not_run_again_in_a_pod_that_runs(init):
    assert _whole(init=init, code=1) is None


def test_one_of_several_containers_that_is_down_is_started_alone():
    found = _whole(log=DOWN)
    assert isinstance(found, StartContainer)
    assert found.container_id == "log"
    assert isinstance(_whole(log=NEW), StartContainer)


def test_the_containers_of_a_pod_that_runs_wait_for_nobody():
    found = _whole(log=DOWN, code=1, started=())
    assert isinstance(found, StartContainer)
    assert found.container_id == "log"


def test_a_container_that_is_gone_is_created_alone():
    assert isinstance(_whole(log=None), CreateContainers)


def test_a_container_that_is_not_well_is_restarted():
    found = _whole(unwell={"app": "its startup probe failed"})
    assert isinstance(found, RestartContainer)
    assert (found.container_id, found.cause) == ("app", "its startup probe failed")


def test_only_the_containers_that_are_not_there_are_missing():
    assert [part.name for part in missing(None, layout(POD))] == ["app"]
    pod = PodSeen(name="web-0", containers=(_seen(),))
    assert missing(pod, layout(POD)) == ()
    assert [part.name for part in missing(pod, layout(WHOLE))] == ["_pod", "init", "side", "log"]
