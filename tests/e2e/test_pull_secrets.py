"""Images of a registry with a password, which a Secret of the set holds."""

from __future__ import annotations

import contextlib

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


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_closed_registry_opens_to_the_secret_of_the_set(space: Space, password):
    machine = {"x86_64": "amd64", "aarch64": "arm64"}
    architecture = machine[space.api.info()["Architecture"]]
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
