from __future__ import annotations

import json

from click.testing import CliRunner

from minisets.cli.doctor import render_findings
from minisets.cli.main import cli
from minisets.core.query.diagnosis import Finding, Level


def test_findings_stand_in_columns_with_their_remedies_below():
    found = [
        Finding(level=Level.OK, check="engine", message="it works"),
        Finding(level=Level.PROBLEM, check="names", message="web-1 is taken", remedy="rename it"),
    ]

    assert render_findings(found) == (
        "ok       engine  it works\n"
        "problem  names   web-1 is taken\n"
        "                 remedy: rename it\n"
        "1 problem found"
    )
    assert render_findings(found[:1]).endswith("\nno problems found")


def test_an_engine_that_does_not_answer_is_a_finding_with_exit_code_1(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    text = CliRunner().invoke(cli, ["doctor"])
    data = CliRunner().invoke(cli, ["doctor", "-o", "json"])

    assert (text.exit_code, data.exit_code, text.stderr) == (1, 1, "")
    assert "no Docker Engine answers" in text.stdout
    assert "remedy: start Docker" in text.stdout
    (finding,) = json.loads(data.stdout)["findings"]
    assert (finding["check"], finding["level"]) == ("engine", "problem")
    assert json.loads(data.stdout)["healthy"] is False
