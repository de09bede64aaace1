from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import import_module

import pytest

from minisets import __version__
from minisets.cli.plugin import from_docker, metadata
from minisets.errors import InputError
from scripts.docs import ROOT


@pytest.mark.parametrize(
    ("words", "ours", "environ"),
    [
        (["minisets", "get", "pods"], ["get", "pods"], {}),
        (["minisets"], [], {}),
        (["help", "minisets", "get"], ["get", "--help"], {}),
        (["-c", "far", "minisets", "version"], ["--context", "far", "version"], {}),
        (["--context=far", "minisets", "version"], ["--context", "far", "version"], {}),
        (["-H", "tcp://h:1", "minisets"], [], {"DOCKER_HOST": "tcp://h:1"}),
        (["-Htcp://h:1", "minisets"], [], {"DOCKER_HOST": "tcp://h:1"}),
        (["--config", "/c", "minisets"], [], {"DOCKER_CONFIG": "/c"}),
        (["-D", "-l", "debug", "minisets", "version"], ["--debug", "version"], {}),
        (["--tls", "minisets"], [], {"DOCKER_TLS": "1"}),
        (["--tlsverify=true", "minisets"], [], {"DOCKER_TLS_VERIFY": "1"}),
        (["--tlsverify=false", "minisets"], [], {}),
        (
            ["--tlscacert", "/x/ca.pem", "--tlskey=/x/key.pem", "minisets"],
            [],
            {"DOCKER_CERT_PATH": "/x"},
        ),
        (
            ["minisets", "-n", "a", "exec", "web-0", "--", "x"],
            ["-n", "a", "exec", "web-0", "--", "x"],
            {},
        ),
        (["minisets", "exec", "p", "--", "minisets"], ["exec", "p", "--", "minisets"], {}),
    ],
)
def test_dockers_own_options_and_the_name_are_understood(words, ours, environ):
    found: dict[str, str] = {}

    assert from_docker(words, found) == ours
    assert found == environ


@pytest.mark.parametrize(
    "words",
    [["--tlscacert", "/x/other.pem"], ["--tlscacert", "/x/ca.pem", "--tlscert", "/y/cert.pem"]],
)
def test_certificates_of_other_names_are_refused_with_the_way_that_works(words):
    with pytest.raises(InputError, match="one folder") as caught:
        from_docker([*words, "minisets"], {})

    assert "docker context create" in (caught.value.hint or "")


def test_docker_is_told_what_the_plugin_is():
    told = json.loads(metadata())

    assert told["SchemaVersion"] == "0.1.0"
    assert told["Version"] == __version__
    assert told["Vendor"]


def test_the_answer_to_docker_imports_neither_click_nor_the_sdk():
    code = (
        "import sys; sys.argv[1:] = ['docker-cli-plugin-metadata']\n"
        "from minisets.cli.plugin import docker\n"
        "try: docker()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'click', 'docker', 'yaml'} & set(sys.modules), 'slow'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)


def test_every_entry_point_leads_somewhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = dict(project["scripts"])
    for group in project.get("entry-points", {}).values():
        points |= group
    assert "docker-minisets" in points
    for target in points.values():
        module, _, name = target.partition(":")
        found = import_module(module)
        assert not name or callable(getattr(found, name))
