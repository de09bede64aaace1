"""The planner decides as the upstream controller did, and the check notices when it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.__main__ import main
from tests.conformance.check import revision_differences, sync_differences
from tests.conformance.fields import TraceError
from tests.conformance.replay import replay_differences
from tests.conformance.scenario import Scenario
from tests.conformance.traces import NAMED, RANDOM_SAMPLE, load_traces

Record = dict[str, Any]

NAMED_SCENARIOS = [one for one in load_traces(NAMED) if one.gate]
SAMPLE_SCENARIOS = [one for one in load_traces(RANDOM_SAMPLE) if one.gate]
ALL_SCENARIOS = [pytest.param(one, id=one.name) for one in (*NAMED_SCENARIOS, *SAMPLE_SCENARIOS)]


@pytest.mark.parametrize("scenario", ALL_SCENARIOS)
def test_each_sync_alone_is_decided_as_recorded(scenario: Scenario):
    found = [one for sync in scenario.syncs for one in sync_differences(sync)]
    assert found == []


@pytest.mark.parametrize("scenario", ALL_SCENARIOS)
def test_the_whole_scenario_takes_the_recorded_course(scenario: Scenario):
    assert replay_differences(scenario) == []


@pytest.mark.parametrize("scenario", ALL_SCENARIOS)
def test_revision_data_and_names_are_the_recorded_ones(scenario: Scenario):
    assert revision_differences(scenario) == []


def test_the_kept_traces_count_and_skip_what_is_expected(capsys):
    assert main([str(NAMED)]) == 0
    assert capsys.readouterr().out == "461 syncs, 0 mismatches, 32 skipped\n"


def rollout() -> Record:
    record: Record = json.loads((NAMED / "rollout-parallel.json").read_text())
    return record


def outcomes(record: Record) -> list[Record]:
    return [step["out"] for step in record["steps"] if step["op"] == "sync"]


def flip_an_action(record: Record) -> None:
    action = next(
        one for out in outcomes(record) for one in out["actions"] if one[0] == "deletePod"
    )
    action[1] = "web-0" if action[1] != "web-0" else "web-1"


def drop_an_action(record: Record) -> None:
    next(out for out in outcomes(record) if out["actions"])["actions"].pop()


def swap_two_actions(record: Record) -> None:
    next(out for out in outcomes(record) if len(out["actions"]) > 1)["actions"].reverse()


def raise_a_counter(record: Record) -> None:
    outcomes(record)[0]["status"]["readyReplicas"] += 1


def move_a_revision_name(record: Record) -> None:
    outcomes(record)[0]["status"]["currentRevision"] = "web-other"


def deny_the_write(record: Record) -> None:
    out = outcomes(record)[0]
    out["statusWritten"] = not out["statusWritten"]


def invent_an_error(record: Record) -> None:
    outcomes(record)[0]["error"] = "pvc data-web-0 is being deleted"


def forget_a_revision(record: Record) -> None:
    outcomes(record)[0]["revisionsAfter"].pop()


def use_a_taken_revision_name(record: Record) -> None:
    out = next(out for out in outcomes(record) if out["actions"][0][0] == "createRevision")
    out["actions"][0][1] = out["revisionsAfter"][0]["name"]


def change_the_revision_data(record: Record) -> None:
    name, data = next(iter(record["revisionData"].items()))
    record["revisionData"][name] = data.replace('"app":"web"', '"app":"wet"')


@pytest.mark.parametrize(
    "falsify",
    [
        flip_an_action,
        drop_an_action,
        swap_two_actions,
        raise_a_counter,
        move_a_revision_name,
        deny_the_write,
        invent_an_error,
        forget_a_revision,
        use_a_taken_revision_name,
        change_the_revision_data,
    ],
)
def test_a_falsified_trace_is_a_mismatch(
    falsify: Callable[[Record], None], tmp_path: Path, capsys
):
    record = rollout()
    falsify(record)
    file = tmp_path / "false.json"
    file.write_text(json.dumps(record))
    assert main([str(file)]) == 1
    assert " 1 mismatches" in capsys.readouterr().out


def test_a_falsified_event_is_a_mismatch_of_the_replay(tmp_path: Path, capsys):
    record = rollout()
    next(step for step in record["steps"] if step["op"] == "pod")["state"] = "failed"
    file = tmp_path / "false.json"
    file.write_text(json.dumps(record))
    assert main([str(file)]) == 0
    assert main(["--replay", str(file)]) == 1
    assert "world.pods" in capsys.readouterr().out


def write_list(folder: Path) -> Path:
    file = folder / "list.json"
    file.write_text(json.dumps([rollout(), rollout()], indent=1))
    return file


def write_full_lines(folder: Path) -> Path:
    file = folder / "lines.jsonl"
    file.write_text(f"{json.dumps(rollout())}\n\n{json.dumps(rollout())}\n")
    return file


def write_folder(folder: Path) -> Path:
    for number in range(2):
        (folder / f"{number}.json").write_text(json.dumps(rollout(), indent=2))
    return folder


@pytest.mark.parametrize("write", [write_list, write_full_lines, write_folder])
def test_several_scenarios_are_read_from(write: Callable[[Path], Path], tmp_path: Path):
    assert [one.name for one in load_traces(write(tmp_path))] == ["rollout-parallel"] * 2


def test_a_packed_file_of_one_line_is_read(tmp_path: Path):
    file = tmp_path / "one.jsonl"
    file.write_text(RANDOM_SAMPLE.read_text().splitlines()[0])
    assert [one.name for one in load_traces(file)] == ["random-0001"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("{", "Expecting property name"),
        ("[1]", "'scenario' has to be of type dict"),
        ("{}", "'name' is missing"),
        ('{"name": "x", "maxUnavailableGate": true, "spec": {}, "steps": []}', "'replicas'"),
        ('{"name": "x", "revisionNames": {}}', "not a packed scenario"),
        ('{"name": "x"}\n{"name"', "line 2"),
    ],
)
def test_a_malformed_file_is_a_clear_error(text: str, message: str, tmp_path: Path, capsys):
    file = tmp_path / "bad.jsonl"
    file.write_text(text)
    assert main([str(file)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {file}: ")
    assert message in error


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("replicas", "3"),
        ("replicas", True),
        ("strategy", "Recreate"),
        ("maxUnavailable", "half"),
        ("claims", [1]),
    ],
)
def test_a_spec_of_wrong_types_is_refused(place: str, value: object, tmp_path: Path):
    record = rollout()
    record["spec"][place] = value
    record.pop("initial")
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(record))
    with pytest.raises(TraceError, match=place):
        list(load_traces(file))


def test_a_missing_file_and_an_empty_folder_are_clear_errors(tmp_path: Path):
    assert main([str(tmp_path / "absent.json")]) == 2
    assert main([str(tmp_path)]) == 2
