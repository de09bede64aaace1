from __future__ import annotations

from typing import Any

import pytest

from minisets.core import labels
from minisets.core.kubelet import (
    Care,
    RenamePod,
    ReplacePod,
    StartContainer,
    UnpauseContainer,
    care,
    new_claims,
)
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod_identity import NetworkPlace, PodIdentity

IDENTITY = PodIdentity(
    pod="web-0",
    ordinal=0,
    namespace="default",
    domain="",
    address="10.0.0.2",
    aliases=("web-0",),
    hosts=(),
)
NETWORK = NetworkPlace(id="n1", name="minisets_default", subnet="10.0.0.0/20")


def _seen(status: ContainerStatus = ContainerStatus.RUNNING, **changes: Any) -> ContainerSeen:
    fields: dict[str, Any] = {
        "labels": {labels.NAMES: IDENTITY.names_hash},
        "network_ids": {"minisets_default": "n1"},
        **changes,
    }
    return ContainerSeen(id="c0", name="web-0", status=status, **fields)


def _care(
    container: ContainerSeen,
    network: NetworkPlace | None = NETWORK,
    given: dict[str, str] | None = None,
) -> Care | None:
    return care(container, identity=IDENTITY, network=network, given_names=given or {})


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
    assert (found.pod, found.container_id, found.new_claims) == ("web-0", "c0", ())


def test_a_created_pod_is_started_after_its_new_claims_were_prepared():
    found = _care(_seen(ContainerStatus.CREATED, labels={labels.NEW_CLAIMS: "a,b"}))
    assert isinstance(found, StartContainer)
    assert found.new_claims == ("a", "b")


def test_a_paused_pod_is_resumed():
    assert isinstance(_care(_seen(ContainerStatus.PAUSED)), UnpauseContainer)


@pytest.mark.parametrize("status", [ContainerStatus.RUNNING, ContainerStatus.EXITED])
def test_a_pod_of_a_network_that_was_made_again_is_replaced(status):
    found = _care(_seen(status, network_ids={"minisets_default": "n0"}))
    assert isinstance(found, ReplacePod)
    assert found.cause == "its network was removed and made again"


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


def test_a_stopped_pod_is_not_renamed_before_it_runs():
    assert isinstance(
        _care(_seen(ContainerStatus.EXITED, labels={labels.NAMES: "old"})), StartContainer
    )


def test_no_label_means_no_new_claims():
    assert new_claims(_seen()) == ()
