"""Bad input is refused with every problem at once, and before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

WEB = (MANIFESTS / "web.yaml").read_text(encoding="utf-8")

# Text of web.yaml that is replaced, what by, and what the user must be told of place and reason.
CASES = {
    "broken YAML": ("  replicas: 3", "  replicas: 3\n   broken: [", ("bad.yaml:2",)),
    "duplicate key": (
        "  replicas: 3",
        "  replicas: 3\n  replicas: 4",
        ("bad.yaml:23", "replicas"),
    ),
    "unknown field": (
        "  replicas: 3",
        "  replicaz: 3",
        ("bad.yaml:22", "spec.replicaz", "unknown field"),
    ),
    "wrong type": ("  replicas: 3", "  replicas: three", ("bad.yaml:22", "spec.replicas")),
    "selector mismatch": (
        "    matchLabels:\n      app: web",
        "    matchLabels:\n      app: other",
        ("bad.yaml:28", "spec.template.metadata.labels", "does not match"),
    ),
    "bad name": ("  name: web\n", "  name: Web_1\n", ("bad.yaml:17", "metadata.name", "RFC 1123")),
}


def write(folder: Path, text: str, name: str = "bad.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_shown_with_file_line_and_path(space: Space, tmp_path: Path, case: str):
    good, bad, told = CASES[case]
    assert WEB.count(good) == 1
    done = space.apply(write(tmp_path, WEB.replace(good, bad)), code=2)
    assert space.is_empty()
    assert done.out == ""
    for text in told:
        assert text in done.err


@pytest.mark.parametrize("text", ["", "# a comment alone\n", "---\n---\n"])
def test_an_empty_file_is_refused(space: Space, tmp_path: Path, text: str):
    done = space.apply(write(tmp_path, text), code=2)
    assert space.is_empty()
    assert "no objects found in" in done.err
    assert "bad.yaml" in done.err


def test_every_problem_of_every_file_is_told_at_once(space: Space, tmp_path: Path):
    several = WEB.replace("  replicas: 3", "  replicaz: 3").replace(
        "port: 80\n", "port: http\n", 1
    )
    first = write(tmp_path, several, "first.yaml")
    second = write(tmp_path, WEB.replace("  replicas: 3", "  replicas: -3"), "second.yaml")
    done = space.apply(first, "-f", str(second), code=2)
    assert space.is_empty()
    for told in ("spec.replicaz", "spec.ports[0].port", "spec.replicas"):
        assert told in done.err
    for file in (first, second):
        assert str(file) in done.err


def test_an_immutable_field_is_refused_and_what_runs_is_left_alone(space: Space, edit: Edit):
    space.apply(MANIFESTS / "web.yaml")
    before = (space.ids(), space.volumes("record"))
    changes = {
        "spec.serviceName": "other",
        "spec.podManagementPolicy": "Parallel",
        "spec.replicas": 1,
    }
    done = space.apply(edit("web.yaml", changes), code=2)
    assert (space.ids(), space.volumes("record")) == before
    assert "spec.serviceName" in done.err
    assert "spec.podManagementPolicy" in done.err
    assert "Forbidden: updates to statefulset spec for fields other than" in done.err
    assert "minisets delete sts web" in done.err


def test_a_file_that_is_not_there_is_named(space: Space):
    done = space.apply("no/such/file.yaml", code=2)
    assert 'the path "no/such/file.yaml" does not exist' in done.err


@pytest.mark.parametrize(
    "args",
    [
        ("apply",),
        ("aply", "-f", "web.yaml"),
        ("scale", "sts", "web"),
        ("scale", "sts", "web", "--replicas=-1"),
        ("apply", "-f", "web.yaml", "--timeout=soon"),
        ("delete",),
        ("get",),
        ("-n", "No_Name", "get", "pods"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_2(space: Space, args: tuple[str, ...]):
    done = space.minisets(*args, code=2)
    assert done.out == ""
    assert done.err.startswith(("error: ", "Usage: "))


@pytest.mark.parametrize(
    "args",
    [
        ("apply", "-f", str(MANIFESTS / "web.yaml")),
        ("get", "pods"),
        ("scale", "sts", "web", "--replicas=2"),
        ("delete", "sts", "web"),
        ("logs", "web-0"),
        ("exec", "web-0", "--", "true"),
    ],
    ids=lambda args: args[0],
)
def test_without_an_engine_a_command_ends_with_3_and_says_what_to_do(
    space: Space, args: tuple[str, ...]
):
    nowhere = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    done = space.minisets(*args, code=3, environ=nowhere)
    assert done.out == ""
    assert "unix:///nonexistent.sock" in done.err
    assert "hint: " in done.err


def test_input_is_checked_before_the_engine_is_asked(space: Space, tmp_path: Path):
    bad = write(tmp_path, WEB.replace("  replicas: 3", "  replicaz: 3"))
    nowhere = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    done = space.minisets("apply", "-f", str(bad), code=2, environ=nowhere)
    assert "spec.replicaz" in done.err
