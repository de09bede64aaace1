"""The command port-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.core.query.kinds import POD, SERVICE, SET, find_resource

if TYPE_CHECKING:
    from minisets.app.port_forward import Request
    from minisets.core.network.port_forward import ForwardWord


@click.command(
    "port-forward",
    cls=Command,
    examples=(
        "minisets port-forward web-0 8080:80",
        "minisets port-forward sts/web :http",
        "minisets port-forward svc/nginx 8080:80",
        "minisets port-forward web-0 web-1 web-2 8080:80",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME... [LOCAL:]REMOTE...")
@click.option(
    "--address",
    default="localhost",
    show_default=True,
    metavar="ADDRESS,...",
    help="Addresses to listen on.",
)
@pass_settings
def port_forward(settings: Settings, words: tuple[str, ...], address: str) -> None:
    """Let ports of this machine lead to a pod, until Ctrl-C.

    A set or a Service stands for its first pod that runs; the ports of a Service are its own. Of
    several pods before the ports, the i-th has the local port plus i. A pod that is replaced
    meanwhile is found again.
    """
    from minisets.core.network.port_forward import parse_addresses, parse_words

    addresses = parse_addresses(address)
    requests = [_request(word) for word in parse_words(words)]
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app.port_forward import open_forwards

        forwarder = open_forwards(
            context, settings.namespace, requests, addresses, screen.result, screen.remark
        )
        try:
            forwarder.serve()
        finally:
            forwarder.close()


def _request(word: ForwardWord) -> Request:
    from minisets.app.port_forward import Request
    from minisets.errors import InputError

    kind, slash, name = word.target.partition("/")
    if not slash:
        return Request(kind=POD.kind, name=word.target, ports=word.ports)
    if not name or "/" in name:
        raise InputError(f'"{word.target}" is not TYPE/NAME', hint="for example sts/web")
    return Request(kind=find_resource(kind, (POD, SET, SERVICE)).kind, name=name, ports=word.ports)
