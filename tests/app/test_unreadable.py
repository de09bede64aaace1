"""A record that cannot be read is named, stands in nobody's way, and can be removed."""

from __future__ import annotations

import pytest

from minisets.core.records.record import newest
from tests.app.bench import Bench, a_service, a_set, with_claim
from tests.app.conftest import CommandLine

MESSAGE = (
    "the record of statefulset/web in namespace team cannot be read: spec.replicas: "
    "Expected `int`, got `str`"
)


@pytest.fixture(autouse=True)
def broken(bench: Bench) -> None:
    """Write what no set can be, as a version without checks has done."""
    bench.apply(a_set("db"), a_service("db", "db"))
    bench.apply(with_claim(a_set()), a_service(), namespace="team")
    store = bench.command().store
    record = newest(bench.engine.volumes({}))[("StatefulSet", "team", "web")]
    spec = {**record.data["object"]["spec"], "replicas": "3"}
    store.replace(record, {**record.data, "object": {**record.data["object"], "spec": spec}})


@pytest.mark.parametrize(
    "words", [["get", "sts", "-A"], ["get", "pods", "-A"], ["get", "pvc", "-A"]]
)
def test_who_lists_everything_leaves_it_out_and_names_it(minisets: CommandLine, words):
    done = minisets(*words)

    assert done.exit_code == 0, done.stderr
    assert done.stderr.count(MESSAGE) == 1
    assert "minisets delete statefulset web -n team" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["get", "sts"], ["scale", "sts/db", "--replicas=1"], ["rollout", "restart", "sts/db"]],
)
def test_commands_in_other_namespaces_go_on(minisets: CommandLine, words):
    done = minisets(*words)

    assert done.exit_code == 0, done.stderr
    assert "db" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["scale", "sts/web", "--replicas=1"],
        ["rollout", "status", "sts/web"],
        ["rollout", "history", "sts/web"],
        ["rollout", "status", "sts/web", "--watch=false"],
    ],
)
def test_commands_about_it_name_it_and_say_what_to_type(minisets: CommandLine, words):
    done = minisets(*words, "-n", "team")

    assert done.exit_code == 2, done.stderr
    assert f"error: {MESSAGE}" in done.stderr
    assert "hint: minisets delete statefulset web -n team" in done.stderr


def test_doctor_lists_it_with_its_remedy(minisets: CommandLine):
    done = minisets("doctor")

    assert done.exit_code == 1
    assert MESSAGE in done.stdout + done.stderr
    assert "minisets delete statefulset web -n team" in done.stdout + done.stderr


@pytest.mark.parametrize("has_pods", [True, False])
def test_it_can_be_deleted_and_its_data_stays(bench: Bench, minisets: CommandLine, has_pods):
    if not has_pods:
        for pod in ("web-0", "web-1", "web-2"):
            bench.remove_by_hand(f"team_{pod}")

    done = minisets("delete", "sts", "web", "-n", "team")

    assert done.exit_code == 0, done.stderr
    assert ("StatefulSet", "team", "web") not in bench.records
    assert [pod for pod in bench.pods if pod.startswith("team_")] == []
    assert len(bench.claims) == 3
    assert "cannot be read" not in minisets("get", "sts", "-A").stderr


def test_its_namespace_can_be_deleted(bench: Bench, minisets: CommandLine):
    done = minisets("delete", "namespace", "team")

    assert done.exit_code == 0, done.stderr
    assert [key for key in bench.records if key[1] == "team"] == []
