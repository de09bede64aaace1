"""The Python API and the pytest fixtures on a real Engine, and the examples of their page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import minisets
from minisets.client import Client
from minisets.errors import InputError, ManifestError, NotConverged, NotFound
from scripts import docs
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

PAGE = (docs.ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
IMAGE = "registry.k8s.io/nginx-slim:0.24"


@pytest.fixture
def client(space: Space) -> Iterator[Client]:
    with minisets.Client(namespace=space.name) as found:
        yield found


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=docs.ROOT,
        # The package may be installed with its entry point, or not: here it is named.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(docs.ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_a_life_of_a_set_through_python(client: Client, space: Space):
    applied = client.apply(MANIFESTS / "web.yaml")
    assert applied.verbs["StatefulSet/web"] == "created"
    assert applied.is_done
    assert client.apply(MANIFESTS / "web.yaml").verbs["StatefulSet/web"] == "unchanged"

    (found,) = client.sets()
    assert (found.name, found.replicas, found.ready) == ("web", 3, 3)
    assert [pod.name for pod in client.pods("web") if pod.is_ready] == ["web-0", "web-1", "web-2"]
    assert client.addresses("web") == space.addresses()
    assert client.get("Pod", "web-0")["metadata"]["name"] == "web-0"

    said = client.exec("web-1", ["sh", "-c", "hostname; exit 3"])
    assert (said.exit_code, said.text) == (3, "web-1\n")
    assert isinstance(client.logs("web-0"), str)

    client.scale("web", 1)
    assert space.running() == ["web-0"]
    space.lose("web-0")
    client.wait("web", timeout_seconds=60)
    assert space.running() == ["web-0"]

    client.delete_all(volumes=True)
    client.delete_all(volumes=True)
    assert space.is_empty()


def test_errors_are_raised_with_their_remedy(client: Client):
    objects = list(yaml.safe_load_all((MANIFESTS / "web.yaml").read_text()))
    (manifest,) = [one for one in objects if one["kind"] == "StatefulSet"]

    with pytest.raises(NotFound):
        client.pods("none")
    with pytest.raises(InputError, match="not a list of words"):
        client.exec("web-0", "ls")
    manifest["spec"]["replica"] = 1
    with pytest.raises(ManifestError) as caught:
        client.apply(*objects)
    assert 'did you mean "replicas"?' in caught.value.problems[0].hint
    del manifest["spec"]["replica"]
    manifest["metadata"]["namespace"] = "elsewhere"
    with pytest.raises(ManifestError, match="elsewhere"):
        client.apply(*objects)
    del manifest["metadata"]["namespace"]
    manifest["spec"]["replicas"] = 1
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    manifest["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    with pytest.raises(NotConverged):
        client.apply(*objects, timeout_seconds=1)


@pytest.mark.parametrize("index", [i for i, text in enumerate(BLOCKS) if "def test_" not in text])
def test_a_script_of_the_page_runs(index: int, space: Space, stand_in, tmp_path: Path):
    stand_in(IMAGE)
    file = tmp_path / "script.py"
    file.write_text(BLOCKS[index].replace('"shop"', f'"{space.name}"'))

    done = python(str(file))

    assert done.returncode == 0, done.stderr
    assert "web" in done.stdout
    assert space.is_empty()


def test_the_tests_of_the_page_pass_and_leave_nothing(stand_in, tmp_path: Path, api):
    stand_in(IMAGE)
    (tests,) = [text for text in BLOCKS if "def test_" in text]
    file = tmp_path / "test_page.py"
    # A failing test shows that the clean-up does not depend on success.
    file.write_text(
        f"{tests}\n\ndef test_that_fails(minisets_stack):\n"
        '    name = minisets_stack("examples/web/web.yaml", wait=False).namespace\n'
        '    print("made", name)\n    assert False\n'
    )

    done = python(
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "minisets.pytest_plugin",
        str(file),
        f"--rootdir={tmp_path}",
        "-p",
        "no:cacheprovider",
    )

    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    made = re.search(r"made (pytest-\w+)", done.stdout)
    assert made is not None
    assert Space(name=made[1], api=api).is_empty()


def test_what_is_to_be_kept_is_kept_and_named(stand_in, tmp_path: Path, api):
    stand_in(IMAGE)
    file = tmp_path / "test_keep.py"
    file.write_text(
        'def test_it(minisets_stack):\n    minisets_stack("examples/web/web.yaml", wait=False)\n'
    )

    done = python(
        "-m",
        "pytest",
        "-p",
        "minisets.pytest_plugin",
        "--minisets-keep",
        str(file),
        f"--rootdir={tmp_path}",
        "-p",
        "no:cacheprovider",
    )

    kept = re.search(r"kept namespace (pytest-\w+)", done.stdout)
    assert kept is not None, done.stdout + done.stderr
    space = Space(name=kept[1], api=api)
    assert not space.is_empty()
    with Client(namespace=space.name) as client:
        client.delete_all(volumes=True)
    assert space.is_empty()


def test_the_command_line_starts_without_the_python_api():
    code = "import sys, minisets.cli.main; print('minisets.client' in sys.modules)"

    assert python("-c", code).stdout == "False\n"
