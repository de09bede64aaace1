"""minisets as a plugin of the real docker command, and as one of kubectl's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

DOCKER = shutil.which("docker")


def program(file: Path, function: str) -> Path:
    """Write a program as an installer of the package writes it."""
    module, _, name = function.partition(":")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!{sys.executable}\nfrom {module} import {name}\n{name}()\n")
    file.chmod(0o755)
    return file


def run(space: Space, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "MINISETS_NAMESPACE": space.name, **environ},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.fixture
def docker(space: Space, tmp_path: Path):
    """Run the docker command in whose folder of plugins minisets is."""
    if DOCKER is None:
        pytest.skip("there is no docker command here")
    program(tmp_path / "cli-plugins" / "docker-minisets", "minisets.cli.plugin:docker")
    # The folder of settings is a test's own: the Engine under test is named by its address.
    url = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return lambda *words: run(space, DOCKER, *words, DOCKER_CONFIG=str(tmp_path), DOCKER_HOST=url)


def test_docker_lists_and_helps_with_the_plugin(docker):
    listed, helped, asked = (
        docker("--help"),
        docker("minisets", "--help"),
        docker("help", "minisets"),
    )

    assert "minisets*" in listed.stdout + listed.stderr
    assert "Run Kubernetes StatefulSets" in helped.stdout
    assert asked.stdout == helped.stdout
    assert "Usage: docker minisets" in helped.stdout


def test_a_set_is_brought_up_and_taken_down_through_docker(docker, space: Space):
    applied = docker("minisets", "apply", "-f", str(MANIFESTS / "web.yaml"))

    assert applied.returncode == 0, applied.stderr
    assert "statefulset.apps/web created" in applied.stdout
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert docker("minisets", "exec", "web-1", "--", "hostname").stdout == "web-1\n"
    assert docker("minisets", "exec", "web-1", "--", "sh", "-c", "exit 7").returncode == 7
    gone = docker("minisets", "delete", "sts", "web", "--volumes", "--now")
    assert gone.returncode == 0, gone.stderr


def test_the_endpoint_that_docker_was_given_counts(docker, tmp_path: Path):
    here = docker("minisets", "version", "-o", "json")
    away = docker("-H", f"unix://{tmp_path}/none.sock", "minisets", "get", "pods")
    unknown = docker("--context", "nowhere", "minisets", "get", "pods")

    assert '"reachable": true' in here.stdout
    assert away.returncode == 3
    assert f"{tmp_path}/none.sock" in away.stderr
    assert unknown.returncode != 0
    assert "nowhere" in unknown.stderr


def test_docker_completes_with_the_names_of_pods(docker, space: Space):
    space.apply(MANIFESTS / "web.yaml", "--wait=false")

    # Who presses Tab gets nothing when the Engine is slow, and presses it again.
    words = eventually(
        lambda: "web-0" in (said := docker("__complete", "minisets", "logs", "").stdout) and said,
        what="web-0 among the completions",
        seconds=120,
    )
    assert ":4" in words.split()


def test_kubectls_names_work_too(space: Space, tmp_path: Path):
    plugin = program(tmp_path / "kubectl-minisets", "minisets.cli.main:main")
    asked = program(tmp_path / "kubectl_complete-minisets", "minisets.cli.plugin:complete_kubectl")

    assert run(space, str(plugin), "get", "pods").returncode == 0
    assert "statefulsets\n:4\n" in run(space, str(asked), "get", "statef").stdout
