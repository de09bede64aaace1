from __future__ import annotations

import base64
from typing import Any

import pytest

from minisets.core.input.validate_data import check_data, check_data_update


def found(obj: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in check_data({"metadata": {"name": "x"}, **obj})]


def secret(kind: str = "Opaque", **texts: str) -> dict[str, Any]:
    return {"kind": "Secret", "type": kind, "stringData": texts}


@pytest.mark.parametrize(
    ("obj", "paths"),
    [
        (secret("kubernetes.io/tls", **{"tls.crt": "c"}), ["data[tls.key]"]),
        (secret("kubernetes.io/ssh-auth"), ["data.ssh-privatekey"]),
        (secret("kubernetes.io/basic-auth"), ["data.username", "data.password"]),
        (secret("kubernetes.io/basic-auth", username="x"), []),
        (secret("kubernetes.io/dockerconfigjson"), ["data[.dockerconfigjson]"]),
        (
            secret("kubernetes.io/dockerconfigjson", **{".dockerconfigjson": "hunter2"}),
            ["data[.dockerconfigjson]"],
        ),
        (secret("kubernetes.io/dockercfg", **{".dockercfg": "{}"}), []),
        (
            secret("kubernetes.io/service-account-token"),
            ["metadata.annotations[kubernetes.io/service-account.name]"],
        ),
        (secret("mine.example/any"), []),
    ],
)
def test_types_ask_for_keys(obj, paths):
    problems = found(obj)
    assert [text.split(": ")[0] for text in problems] == paths
    assert not any("hunter2" in text for text in problems)


def test_the_values_of_an_object_have_a_limit():
    most = 1024 * 1024
    assert found({"kind": "ConfigMap", "data": {"k": "x" * most}}) == []
    (problem,) = found({"kind": "ConfigMap", "data": {"k": "x" * most, "l": "y"}})
    assert problem == "data: Too long: may not be more than 1048576 bytes"
    text = base64.b64encode(b"x" * (most + 1)).decode()
    assert len(found({"kind": "Secret", "data": {"k": text}})) == 1


def test_what_is_no_base64_is_told_with_its_key_and_without_its_value():
    (problem,) = found({"kind": "Secret", "type": "Opaque", "data": {"pass.word": "hunter2!"}})
    assert problem.startswith("data[pass.word]: illegal base64 data")
    assert "hunter2" not in problem


def test_only_an_immutable_object_is_protected():
    old = {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}}
    new = {**old, "data": {"a": "2"}}
    assert list(check_data_update(old, new)) == []
    fixed = [problem.path for problem in check_data_update({**old, "immutable": True}, new)]
    assert fixed == ["immutable", "data"]
