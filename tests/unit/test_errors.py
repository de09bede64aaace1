from __future__ import annotations

import errno
import inspect
from typing import Any

import pytest

from minisets import errors
from minisets.engine import docker_errors
from minisets.engine.docker_streams import FrameSplitter, pull_progress
from minisets.engine.endpoint import Endpoint
from minisets.errors import (
    AddressTaken,
    EngineConflict,
    EngineError,
    EngineMissing,
    ImageError,
    ManifestError,
    MinisetsError,
    NotFound,
    PortTaken,
    Problem,
    joined,
)


def test_every_error_has_a_reference_of_its_own_and_a_documented_exit_code():
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, MinisetsError)
    ]
    assert len({kind.reference for kind in kinds}) == len(kinds)
    assert {kind.exit_code for kind in kinds} == {1, 2, 3, 4, 70}


def test_a_manifest_error_shows_every_problem_with_its_place():
    problems = (
        Problem(message="Required value", path="spec.replicas", file="a.yaml", line=3, column=5),
        Problem(message="no objects found", hint="look"),
    )
    text = "a.yaml:3:5: spec.replicas: Required value\nno objects found (look)"
    assert str(ManifestError(problems)) == text


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (403, "Address already in use", AddressTaken),
        (403, "failed to set up container networking: Address already in use", AddressTaken),
        (500, "Bind for 127.0.0.1:1 failed: port is already allocated", PortTaken),
        (500, "listen tcp4 127.0.0.1:1: bind: address already in use", PortTaken),
        (409, 'The container name "/a" is already in use by container "1f"', EngineConflict),
        # Podman's words.
        (
            500,
            'the container name "a" is already in use by 1f: that name is already in use',
            EngineConflict,
        ),
        (
            500,
            "requested ip address 10.0.0.7 is already allocated to container ID 1f",
            AddressTaken,
        ),
        (
            409,
            "volume v is being used by the following container(s): 1f: volume is being used",
            EngineConflict,
        ),
        (409, "remove v: volume is in use - [1f]", EngineConflict),
        (409, "network with name n already exists", EngineConflict),
        (403, "network n id 1f has active endpoints", EngineConflict),
        (409, "Container 1f is not running", EngineError),
        (404, "No such container: 1f", EngineMissing),
        (500, "no container with ID 1f found in database: no such container", EngineMissing),
        (404, "network 1f not found", EngineMissing),
        (404, "No such image: a:1", ImageError),
        (400, "invalid reference format", ImageError),
        (404, "could not find an available, non-overlapping IPv4 address pool", EngineError),
        (500, "", EngineError),
    ],
)
def test_a_refusal_is_told_by_its_words(status, text, kind):
    error = docker_errors.refusal("do it", status, text)
    assert type(error) is kind
    assert text in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("manifest for a:1 not found: manifest unknown", "not found"),
        ("pull access denied for a, repository does not exist", "access denied"),
        ("dial tcp: lookup r.io: no such host", "cannot be reached"),
        ("dial tcp 1.2.3.4:443: connect: connection refused", "cannot be reached"),
        ("Docker Image Format v1 and manifest v2, schema 1 support is removed", "no longer takes"),
        ("no matching manifest for linux/arm64/v8 in the manifest list", "platform"),
        ("toomanyrequests: You have reached your pull rate limit", "too many"),
        ("something else", "could not be pulled"),
    ],
)
def test_pull_failures_are_told_apart_each_with_a_remedy(text, words):
    error = docker_errors.pull_failure("a:1", text)
    assert words in str(error).partition(text)[0]
    assert error.hint


@pytest.mark.parametrize(
    ("cause", "why", "hint"),
    [
        (FileNotFoundError(errno.ENOENT, "no"), "no such socket", "start Docker"),
        (PermissionError(errno.EACCES, "no"), "may not use", "usermod"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "refused", "DOCKER_HOST"),
        (TimeoutError("timed out"), "in time", "docker version"),
    ],
)
def test_an_engine_out_of_reach_says_why_and_what_to_do(cause, why, hint):
    endpoint = Endpoint(url="unix:///x.sock", source="DOCKER_HOST")
    # requests wraps the cause twice, in args.
    error = docker_errors.unreachable(endpoint, OSError(OSError("Connection aborted.", cause)))
    assert "unix:///x.sock" in str(error)
    assert "DOCKER_HOST" in str(error)
    assert why in str(error)
    assert hint in (error.hint or "")


@pytest.mark.parametrize("size", [1, 3, 8, 9, 100])
def test_frames_are_found_in_pieces_of_any_size(size):
    stream = b"\1\0\0\0\0\0\0\2hi" + b"\2\0\0\0\0\0\0\0" + b"\2\0\0\0\0\0\0\3err"
    splitter = FrameSplitter()
    found = {"stdout": b"", "stderr": b""}
    for start in range(0, len(stream), size):
        for name, content in splitter.feed(stream[start : start + size]):
            found[name] += content
    assert found == {"stdout": b"hi", "stderr": b"err"}


def test_layers_of_a_pull_are_added_up():
    lines: list[dict[str, Any]] = [
        {"status": "Pulling from a", "id": "1"},
        {"status": "Downloading", "id": "x", "progressDetail": {"current": 1, "total": 10}},
        {"status": "Downloading", "id": "y", "progressDetail": {"current": 2, "total": 20}},
        {"status": "Download complete", "id": "x", "progressDetail": {}},
    ]
    *_, last = pull_progress("a:1", lines)
    assert (last.current, last.total, last.text) == (12, 30, "x: Download complete")
    with pytest.raises(ImageError, match="not found"):
        list(pull_progress("a:1", [{"error": "manifest unknown"}]))


def test_several_errors_are_told_together_under_the_exit_code_of_the_gravest():
    error = joined([NotFound("a is gone", hint="look"), EngineError("b is refused")])
    assert (type(error), str(error), error.hint) == (
        EngineError,
        "a is gone (look)\nb is refused",
        None,
    )
    same = joined([NotFound("a", hint="look"), NotFound("b", hint="look"), NotFound("a")])
    assert str(same) == "a (look)\nb (look)\na"
    alike = joined([NotFound("a", hint="look"), NotFound("b", hint="look")])
    assert (str(alike), alike.hint) == ("a\nb", "look")
