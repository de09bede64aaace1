"""What is fixed when a container is created and may change later: how it is seen, what happens.

Data only; each line names the test that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What happens to the pods."""

    LIVE = "changes while they run"
    RENAMED = "are renamed while they run"
    ROLLED = "roll, in the set's own order"
    REPLACED = "are made anew"
    NOTICE = "stay as they are, with a notice"


@dataclass(frozen=True, slots=True)
class Fixed:
    """One thing that may change under a pod.

    Attributes:
        what: Changed.
        seen: How the change is found.
        remark: How it happens, or what is said.
        proof: File and name of a test.
    """

    what: str
    seen: str
    outcome: Outcome
    remark: str
    proof: str


_REPAIR = "tests/app/test_repair.py"
_FIXED = "tests/app/test_fixed.py"

TABLE: tuple[Fixed, ...] = (
    Fixed(
        "a Service that selects the pods is added or deleted",
        "label `minisets.io/names`, and the names given since in the set's record",
        Outcome.RENAMED,
        "one at a time, off the network for a moment, at the same address",
        f"{_REPAIR}::"
        "test_a_service_added_later_renames_the_pods_one_at_a_time_at_the_same_address",
    ),
    Fixed(
        "the selector of a Service",
        "as above",
        Outcome.RENAMED,
        "as above",
        f"{_FIXED}::test_a_changed_selector_renames_the_pods",
    ),
    Fixed(
        "ports of a Service of type NodePort or LoadBalancer, or its type",
        "label `minisets.io/ports`",
        Outcome.ROLLED,
        '"its published ports have changed"',
        f"{_FIXED}::test_a_changed_node_port_rolls_the_pods",
    ),
    Fixed(
        "`--publish`, `--publish-address`, or their annotations",
        "as above",
        Outcome.ROLLED,
        "as above",
        "tests/app/test_publishing.py::test_the_flag_publishes_and_stays_until_it_is_taken_back",
    ),
    Fixed(
        "ports of a Service that the host does not answer for",
        "not at all: names have no ports",
        Outcome.LIVE,
        "nothing has to be done",
        f"{_FIXED}::test_a_changed_port_inside_the_namespace_touches_no_pod",
    ),
    Fixed(
        "the pod template, with image, command, variables, mounts and hostPorts",
        "label `controller-revision-hash`",
        Outcome.ROLLED,
        "as `updateStrategy` says",
        f"{_FIXED}::test_a_changed_template_rolls_the_pods",
    ),
    Fixed(
        "claim templates: gained or lost",
        "label `minisets.io/fixed`",
        Outcome.ROLLED,
        '"its mounted claims have changed"',
        "tests/app/test_apply.py::test_a_set_may_gain_a_claim_and_its_pods_roll_with_that_cause",
    ),
    Fixed(
        "a ConfigMap or Secret as variables or as a single file (`subPath`)",
        "the object's record, at apply",
        Outcome.NOTICE,
        "it names `minisets rollout restart`",
        "tests/app/test_configuration.py::test_a_change_that_pods_do_not_see_names_the_restart",
    ),
    Fixed(
        "a ConfigMap or Secret as files",
        "the object's record, at apply",
        Outcome.LIVE,
        "the files of running pods are written anew, with a notice",
        "tests/e2e/test_volumes.py::test_configuration_is_files_that_follow_their_objects",
    ),
    Fixed(
        "the image that a tag stands for",
        "the image's id in the container list, at apply",
        Outcome.NOTICE,
        "`--refresh-images` rolls the pods",
        f"{_REPAIR}::test_a_tag_that_has_moved_is_a_notice_and_changes_nothing",
    ),
    Fixed(
        "the namespace's network: removed, by a prune for example",
        "the network's id in the container list",
        Outcome.REPLACED,
        "with the next command that drives the set",
        f"{_REPAIR}::test_pods_are_made_anew_when_their_network_was",
    ),
    Fixed(
        "the pod's address: another container has it",
        "the Engine's refusal to start",
        Outcome.REPLACED,
        "at another address, from then on",
        f"{_REPAIR}::test_a_pod_whose_address_is_taken_gets_another_and_keeps_that",
    ),
    Fixed(
        "the pod's port of the host: another program has it",
        "the Engine's refusal to start",
        Outcome.REPLACED,
        "at another port, from then on, with a notice; a hostPort is an error",
        "tests/app/test_publishing.py::test_a_port_taken_while_the_pod_was_stopped_is_given_up",
    ),
)
