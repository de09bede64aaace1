"""Every folder of examples/ runs as it is; `make workloads` runs those with real software."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.space import Space

pytestmark = pytest.mark.docker

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted({file.parent for file in EXAMPLES.rglob("*.yaml")})
# Their images are built by that target: tests/workloads runs them.
BUILT = {file.parent.name for file in EXAMPLES.parent.glob("tests/workloads/*/Dockerfile")}


def images_in(value: Any) -> Iterator[str]:
    """Yield what stands at a key ``image``, wherever that is."""
    if isinstance(value, dict):
        if isinstance(image := value.get("image"), str):
            yield image
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from images_in(item)


def test_there_are_examples():
    assert EXAMPLES / "web" in FOLDERS
    assert {folder.name for folder in FOLDERS} > BUILT


@pytest.mark.parametrize("name", sorted(BUILT))
def test_an_example_with_an_image_of_its_own_is_understood_without_a_notice(
    space: Space, name: str
):
    done = space.apply(EXAMPLES / name, "--dry-run")
    assert f"statefulset.apps/{name}".replace("nginx", "web") in done.out
    assert "notice" not in done.err


@pytest.mark.parametrize(
    "folder",
    [folder for folder in FOLDERS if folder.name not in BUILT],
    ids=lambda folder: str(folder.relative_to(EXAMPLES)),
)
def test_an_example_runs_twice_and_goes(
    space: Space, stand_in: Callable[[str], None], folder: Path
):
    objects = [
        obj
        for file in sorted(folder.glob("*.yaml"))
        for obj in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        if obj
    ]
    for image in sorted(set(images_in(objects))):
        stand_in(image)
    space.apply(folder)
    sets = [obj for obj in objects if obj["kind"] == "StatefulSet"]
    expected = sum(obj["spec"].get("replicas", 1) for obj in sets)
    assert len(space.running()) == expected > 0
    again = space.apply(folder)
    assert all(line.endswith(" unchanged") for line in again.out.splitlines())
    space.run("delete", "-f", str(folder), "--volumes")
    assert space.is_empty()
