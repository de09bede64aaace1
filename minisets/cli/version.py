"""The command version: one ping tells all that it prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from minisets import __version__
from minisets.cli.command import Command, Settings, pass_settings

_ANSWER_SECONDS = 2.0
_UNIX = "unix://"


@click.command(
    "version",
    cls=Command,
    examples=("minisets version", "minisets version --client", "minisets version -o json"),
)
@click.option("--client", is_flag=True, help="Do not ask the Engine.")
@click.option("-o", "--output", type=click.Choice(["json", "yaml"]), help="Output format.")
@pass_settings
def version(settings: Settings, client: bool, output: str | None) -> None:
    """Print the version of minisets, and of the Engine if one answers."""
    answer: dict[str, Any] = {"clientVersion": {"version": __version__}}
    if not client:
        answer["engine"] = _ask_engine(settings)
    if output == "json":
        import json

        click.echo(json.dumps(answer, indent=2))
        return
    if output == "yaml":
        from minisets.cli.output import to_yaml

        click.echo(to_yaml(answer), nl=False)
        return
    click.echo(f"minisets: {__version__}")
    if not client:
        click.echo(f"Engine: {_describe(answer['engine'])}")


def _describe(engine: dict[str, Any]) -> str:
    if not engine["reachable"]:
        return f"not reachable at {engine['endpoint']}"
    return f"{engine['version']}, API {engine['apiVersion']}, at {engine['endpoint']}"


def _ask_engine(settings: Settings) -> dict[str, Any]:
    from minisets.engine.endpoint import find_endpoint
    from minisets.errors import EngineError

    endpoint = find_endpoint(settings.context)
    place = {"endpoint": endpoint.url, "chosenBy": endpoint.source}
    if endpoint.url.startswith(_UNIX):
        found = ping(endpoint.url.removeprefix(_UNIX))
        return {**place, "reachable": found is not None, **(found or {})}
    from minisets.engine.docker_engine import connect

    try:
        info = connect(endpoint).info()
    except EngineError:
        return {**place, "reachable": False}
    api = ".".join(map(str, info.api_version))
    return {**place, "reachable": True, "version": info.version, "apiVersion": api}


def ping(path: str) -> dict[str, str] | None:
    """Ask the Engine at a socket for its versions by one request; None if nothing answers."""
    from minisets.engine.docker_wire import Wire, dial_socket

    wire = Wire(lambda: dial_socket(path))
    try:
        with wire.open("HEAD", "/_ping", timeout=_ANSWER_SECONDS) as answer:
            return parse_ping(answer.headers)
    except OSError:
        return None
    finally:
        wire.close()


def parse_ping(headers: Mapping[str, str]) -> dict[str, str] | None:
    """Read the versions from the headers of a ping; None if it is no Engine that answered."""
    if "api-version" not in headers:
        return None
    # For example "Docker/20.10.24 (linux)".
    product = headers.get("server", "").partition(" ")[0].rpartition("/")[2]
    return {"version": product or "unknown", "apiVersion": headers["api-version"]}
