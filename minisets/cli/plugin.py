"""minisets under another program's name: as a plugin of the docker command and of kubectl.

Docker asks each plugin what it is whenever it prints its help: that answer imports nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from typing import NoReturn

_NAME = "minisets"
_METADATA = "docker-cli-plugin-metadata"
# What programs made with cobra are asked when Tab is pressed.
_COMPLETE = frozenset({"__complete", "__completeNoDesc"})

_SWITCHES = {"--tls": "DOCKER_TLS", "--tlsverify": "DOCKER_TLS_VERIFY"}
_CERTIFICATES = {"--tlscacert": "ca.pem", "--tlscert": "cert.pem", "--tlskey": "key.pem"}
_WITH_VALUE = {
    "-c": "--context",
    "-H": "--host",
    "-l": "--log-level",
    **{name: name for name in ("--config", "--context", "--host", "--log-level", *_CERTIFICATES)},
}


def docker() -> NoReturn:
    """Run as ``docker minisets``."""
    words = sys.argv[1:]
    if words == [_METADATA]:
        print(metadata())  # noqa: T201 - click would take a hundred times as long to import
        raise SystemExit(0)
    if words and words[0] in _COMPLETE:
        _complete(words[1:])
    from minisets.cli.command import Settings
    from minisets.cli.main import cli, exit_code_of

    rest: list[str] = []

    def read() -> int:
        rest.extend(from_docker(words, os.environ))
        return 0

    code = exit_code_of(read, Settings(), words)
    if code:
        raise SystemExit(code)
    raise SystemExit(cli.main(rest, f"docker {_NAME}"))


def complete_kubectl() -> NoReturn:
    """Answer kubectl, which asks this program for the completions of its plugin."""
    _complete([_NAME, *sys.argv[1:]])


def metadata() -> str:
    """Return what Docker wants to know of a plugin, as JSON."""
    import json

    from minisets import __version__

    return json.dumps(
        {
            "SchemaVersion": "0.1.0",
            "Vendor": "The minisets authors",
            "Version": __version__,
            "ShortDescription": "Run Kubernetes StatefulSets on a plain Docker Engine",
        }
    )


def from_docker(words: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Turn what docker passes to a plugin into a command line of ours.

    Docker's own options come first, then the plugin's name, then the rest. What they say of the
    endpoint goes where our rules look for it: an option --context, or the environment.

    Args:
        words: As docker passes them.
        environ: Changed by the options.

    Raises:
        InputError: An option names certificates in a way that the environment cannot.
    """
    left = list(words)
    ours: list[str] = []
    while left and left[0].startswith("-"):
        name, equals, value = _split(left.pop(0))
        if name in _SWITCHES:
            if not equals or value == "true":
                environ[_SWITCHES[name]] = "1"
            else:
                environ.pop(_SWITCHES[name], None)
        elif name in _WITH_VALUE:
            if not equals:
                value = left.pop(0) if left else ""
            ours += _take(_WITH_VALUE[name], value, environ)
        elif name in {"-D", "--debug"}:
            ours.append("--debug")
        else:
            # Such as --help, which is ours to answer.
            ours.append(name)
    if left[:2] == ["help", _NAME]:
        return [*ours, *left[2:], "--help"]
    return [*ours, *(left[1:] if left[:1] == [_NAME] else left)]


def _split(word: str) -> tuple[str, str, str]:
    """Split ``--name=value`` and ``-Hvalue`` into name, what stands between, and value."""
    if word.startswith("--"):
        return word.partition("=")
    value = word[2:].removeprefix("=")
    return word[:2], "=" if value else "", value


def _take(name: str, value: str, environ: MutableMapping[str, str]) -> list[str]:
    if name == "--context":
        return ["--context", value]
    if name == "--config":
        environ["DOCKER_CONFIG"] = value
    elif name == "--host":
        environ["DOCKER_HOST"] = value
    elif name in _CERTIFICATES:
        folder, file = os.path.split(value)
        if file != _CERTIFICATES[name] or environ.get("DOCKER_CERT_PATH", folder) != folder:
            from minisets.errors import InputError

            raise InputError(
                f"{name} {value}: certificates are read from one folder, by the names ca.pem, "
                "cert.pem and key.pem",
                hint="docker context create NAME --docker "
                "host=tcp://HOST:2376,ca=FILE,cert=FILE,key=FILE, then --context NAME",
            )
        environ["DOCKER_CERT_PATH"] = folder
    return []


def _complete(words: Sequence[str]) -> NoReturn:
    from minisets.cli.complete import print_for_cobra, run
    from minisets.cli.main import cli

    def answer() -> int:
        # As in a run, the name comes first.
        print_for_cobra(cli, words[1:] if words[:1] == [_NAME] else words)
        return 0

    raise SystemExit(run(answer))
