"""What commands import: each module is a part of the time before the first line is printed."""

from __future__ import annotations

import subprocess
import sys

import pytest

GET = (
    "minisets.cli.get",
    "minisets.cli.render",
    "minisets.app.reading.look",
    "minisets.app.reading.views_set",
)
DECIDING = frozenset(
    {
        "minisets.core.controller.actions",
        "minisets.core.pod.container_spec",
        "minisets.core.controller.controller_state",
        "minisets.core.pod.kubelet",
        "minisets.core.controller.planner",
        "minisets.core.volumes.pod_volumes",
    }
)
CHECKING = frozenset(
    {
        "jsonschema_rs",
        "minisets.core.input.load",
        "minisets.core.input.schema",
        "minisets.core.input.support_table",
        "minisets.core.input.validate",
        "yaml",
    }
)
ENGINE = frozenset({"docker", "requests", "tenacity"})


def imported_by(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("modules", "without"),
    [
        (("minisets.cli.main",), {*DECIDING, *CHECKING, *ENGINE, "msgspec"}),
        (
            ("minisets.cli.version", "minisets.engine.endpoint", "minisets.engine.docker_wire"),
            {*DECIDING, *CHECKING, *ENGINE, "msgspec", "minisets.engine.docker_transport"},
        ),
        (GET, {*DECIDING, *CHECKING, *ENGINE, "rich", "minisets.app.reading.views_pod"}),
        (
            (*GET, "minisets.engine.docker_engine"),
            {*DECIDING, *CHECKING, *ENGINE, "minisets.engine.archives"},
        ),
    ],
)
def test_commands_import_only_what_they_need(modules: tuple[str, ...], without: set[str]):
    assert not imported_by(*modules) & without
