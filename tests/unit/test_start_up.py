"""What commands import: each module is a part of the time before the first line is printed."""

from __future__ import annotations

import subprocess
import sys

import pytest

GET = ("minisets.cli.get", "minisets.cli.render", "minisets.app.look", "minisets.app.views_set")
DECIDING = frozenset(
    {
        "minisets.core.actions",
        "minisets.core.container_spec",
        "minisets.core.controller_state",
        "minisets.core.kubelet",
        "minisets.core.planner",
        "minisets.core.pod_volumes",
    }
)
CHECKING = frozenset(
    {
        "jsonschema_rs",
        "minisets.core.load",
        "minisets.core.schema",
        "minisets.core.support_table",
        "minisets.core.validate",
        "yaml",
    }
)
ENGINE = frozenset({"docker", "requests"})


def imported_by(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("modules", "without"),
    [
        (("minisets.cli.main",), {*DECIDING, *CHECKING, *ENGINE, "msgspec"}),
        (GET, {*DECIDING, *CHECKING, *ENGINE, "rich", "minisets.app.views_pod"}),
        (
            (*GET, "minisets.engine.docker_engine"),
            {*DECIDING, *CHECKING, "minisets.engine.archives"},
        ),
    ],
)
def test_commands_import_only_what_they_need(modules: tuple[str, ...], without: set[str]):
    assert not imported_by(*modules) & without
