"""Images of a registry with a password, which a Secret of the set or Docker's settings hold."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from pathlib import Path

import pytest
from docker.errors import APIError

from tests.e2e.registry import registry
from tests.e2e.space import Space

pytestmark = pytest.mark.docker

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: app}}
spec:
  serviceName: app
  replicas: 1
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      imagePullSecrets: [{{name: login}}]
      containers: [{{name: app, image: "{image}"}}]
"""


MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_closed_registry_opens_to_the_secret_of_the_set(space: Space, password):
    architecture = MACHINES[space.api.info()["Architecture"]]
    with registry("me", "right", architecture) as found:
        file = SET.format(image=found.image)
        space.run(
            *("create", "secret", "docker-registry", "login"),
            *(f"--docker-server={found.server}", "--docker-username=me"),
            f"--docker-password={password}",
        )
        try:
            if password == "right":  # noqa: S105 - one of two words
                space.run("apply", "-f", "-", stdin=file)
                assert space.running() == ["app-0"]
            else:
                refused = space.run("apply", "-f", "-", stdin=file, code=4)
                assert found.image in refused.err
                assert space.pods() == {}
        finally:
            space.run("delete", "sts", "app", "--now", code=None)
            with contextlib.suppress(APIError):
                space.api.remove_image(found.image)


def auths(server: str, folder: Path) -> dict[str, object]:
    del folder
    return {"auths": {server: {"auth": base64.b64encode(b"me:right").decode()}}}


def helper(server: str, folder: Path) -> dict[str, object]:
    """A credential helper that knows this server, and only of this server it is asked."""
    program = folder / "docker-credential-test"
    login = json.dumps({"ServerURL": server, "Username": "me", "Secret": "right"})
    program.write_text(f"#!/bin/sh\n[ $1 = get ] && [ \"$(cat)\" = {server} ] && echo '{login}'\n")
    program.chmod(0o755)
    return {"credHelpers": {server: "test"}}


def store(server: str, folder: Path) -> dict[str, object]:
    helper(server, folder)
    return {"credsStore": "test"}


@pytest.mark.parametrize("settings", [auths, helper, store], ids=lambda made: made.__name__)
def test_a_closed_registry_opens_to_the_settings_of_docker(space: Space, tmp_path, settings):
    architecture = MACHINES[space.api.info()["Architecture"]]
    with registry("me", "right", architecture) as found:
        file = tmp_path / "app.yaml"
        file.write_text(
            SET.format(image=found.image).replace("imagePullSecrets: [{name: login}]", "")
        )
        config = tmp_path / "docker"
        config.mkdir()
        environ = {
            "DOCKER_CONFIG": str(config),
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        }
        apply = ("-n", space.name, "apply", "-f", str(file))
        try:
            assert found.image in space.minisets(*apply, code=4, environ=environ).err
            (config / "config.json").write_text(json.dumps({"credsStore": "none"}))
            refused = space.minisets(*apply, code=4, environ=environ).err
            assert "the credential helper failed" in refused
            (config / "config.json").write_text(json.dumps(settings(found.server, tmp_path)))
            space.minisets(*apply, environ=environ)
            assert space.running() == ["app-0"]
        finally:
            space.run("delete", "sts", "app", "--now", code=None)
            with contextlib.suppress(APIError):
                space.api.remove_image(found.image)
