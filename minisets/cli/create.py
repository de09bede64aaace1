"""The commands create configmap, secret and namespace."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from minisets.cli.command import Command, Family, Settings, pass_settings
from minisets.cli.outcome import DRY_WORDS, DryRun, dry_run_option
from minisets.cli.session import open_context, open_screen
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource
from minisets.errors import InputError

Output = Literal["yaml", "json", "name"]
Object = dict[str, Any]
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

_SHORT = {"cm": "configmap", "ns": "namespace"}
_DOCKER_HUB = "https://index.docker.io/v1/"


def _output_options(function: _FunctionT) -> _FunctionT:
    """Add --dry-run and -o."""
    for option in (
        click.option(
            "-o",
            "--output",
            type=click.Choice(["yaml", "json", "name"]),
            help="Print the object instead of a word about it.",
        ),
        dry_run_option(
            "Create nothing: only print (client), or also look whether it is there (server)."
        ),
    ):
        function = option(function)
    return function


def _source_options(function: _FunctionT) -> _FunctionT:
    """Add --from-file, --from-literal, --from-env-file and the refused --append-hash."""
    for option in (
        click.option(
            "--append-hash",
            is_flag=True,
            hidden=True,
            callback=_refuse_hash,
            expose_value=False,
            help="Refused: nothing here would remove the objects that go out of use.",
        ),
        click.option(
            "--from-env-file",
            "env_files",
            multiple=True,
            metavar="FILE",
            help="File of KEY=VALUE lines; several are fine.",
        ),
        click.option(
            "--from-literal",
            "literals",
            multiple=True,
            metavar="KEY=VALUE",
            help="A key and its value; several are fine.",
        ),
        click.option(
            "--from-file",
            "files",
            multiple=True,
            metavar="[KEY=]FILE",
            help="A file, its name the key if none is given, or a folder of files.",
        ),
    ):
        function = option(function)
    return function


def _refuse_hash(_ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value:
        raise click.UsageError(
            "--append-hash is not supported: nothing here would remove the objects that go out "
            "of use"
        )


def _refuse_file(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        raise InputError(
            "create takes no file", hint=f"minisets apply -f {value}, which also creates"
        )


class _Creations(Family):
    """Takes kubectl's short words, too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command."""
        return super().get_command(ctx, _SHORT.get(cmd_name, cmd_name))


@click.group(
    "create",
    cls=_Creations,
    examples=(
        "minisets create configmap web-config --from-file=web.conf",
        "minisets create secret generic db --from-literal=password=changeme",
    ),
)
@click.option(
    "-f",
    "--filename",
    metavar="FILE",
    hidden=True,
    callback=_refuse_file,
    expose_value=False,
)
def create() -> None:
    """Create a ConfigMap, a Secret or a namespace."""


@create.group(
    "secret",
    cls=Family,
    examples=("minisets create secret generic db --from-literal=password=changeme",),
)
def secret() -> None:
    """Create a Secret."""


@create.command(
    "configmap",
    cls=Command,
    examples=(
        "minisets create configmap web-config --from-file=web.conf",
        "minisets create configmap web-config --from-literal=level=debug --from-literal=port=80",
        "minisets create configmap web-config --from-env-file=web.env",
        "minisets create configmap web-config --from-file=conf.d --dry-run=client -o yaml",
    ),
)
@click.argument("name")
@_source_options
@_output_options
@pass_settings
def configmap(
    settings: Settings,
    name: str,
    files: tuple[str, ...],
    literals: tuple[str, ...],
    env_files: tuple[str, ...],
    dry_run: DryRun,
    output: Output | None,
) -> None:
    """Create a ConfigMap from files, folders or literal values."""
    from minisets.core.records import new_objects

    made = new_objects.config_map(name, _pairs(files, literals, env_files))
    _create(settings, kinds.CONFIG_MAP, made, dry_run, output)


@create.command(
    "namespace",
    cls=Command,
    examples=("minisets create namespace team-1",),
)
@click.argument("name")
@_output_options
@pass_settings
def namespace(settings: Settings, name: str, dry_run: DryRun, output: Output | None) -> None:
    """Create a namespace; any other command makes one that it needs by itself, too."""
    from minisets.core.records import new_objects

    _create(settings, kinds.NAMESPACE, new_objects.namespace(name), dry_run, output)


@secret.command(
    "generic",
    cls=Command,
    examples=(
        "minisets create secret generic db --from-literal=password=changeme",
        "minisets create secret generic keys --from-file=ssh-privatekey=id_rsa",
    ),
)
@click.argument("name")
@_source_options
@click.option("--type", "kind", metavar="TYPE", default="", help="Type of the Secret.")
@_output_options
@pass_settings
def generic(
    settings: Settings,
    name: str,
    files: tuple[str, ...],
    literals: tuple[str, ...],
    env_files: tuple[str, ...],
    kind: str,
    dry_run: DryRun,
    output: Output | None,
) -> None:
    """Create a Secret from files, folders or literal values."""
    from minisets.core.records import new_objects

    made = new_objects.secret(name, _pairs(files, literals, env_files), kind)
    _create(settings, kinds.SECRET, made, dry_run, output)


@secret.command(
    "tls",
    cls=Command,
    examples=("minisets create secret tls web --cert=tls.crt --key=tls.key",),
)
@click.argument("name")
@click.option("--cert", required=True, metavar="FILE", help="Certificate, in the PEM format.")
@click.option("--key", required=True, metavar="FILE", help="Its private key, in the PEM format.")
@_output_options
@pass_settings
def tls(
    settings: Settings, name: str, cert: str, key: str, dry_run: DryRun, output: Output | None
) -> None:
    """Create a Secret from a certificate and its private key."""
    from minisets.core.records import new_objects
    from minisets.engine.key_files import read_bytes

    made = new_objects.tls_secret(name, read_bytes(cert), read_bytes(key))
    _create(settings, kinds.SECRET, made, dry_run, output)


@secret.command(
    "docker-registry",
    cls=Command,
    examples=(
        "minisets create secret docker-registry ours --docker-server=registry.example.com "
        "--docker-username=me --docker-password=changeme",
        "minisets create secret docker-registry ours --from-file=$HOME/.docker/config.json",
    ),
)
@click.argument("name")
@click.option("--docker-username", "username", default="", metavar="NAME", help="User.")
@click.option("--docker-password", "password", default="", metavar="WORD", help="Password.")
@click.option("--docker-email", "email", default="", metavar="ADDRESS", help="E-mail address.")
@click.option(
    "--docker-server",
    "server",
    default=_DOCKER_HUB,
    show_default=True,
    metavar="URL",
    help="Registry.",
)
@click.option(
    "--from-file",
    "files",
    multiple=True,
    metavar="FILE",
    help="Docker's own configuration file, with the credentials in it.",
)
@_output_options
@pass_settings
def docker_registry(
    settings: Settings,
    name: str,
    username: str,
    password: str,
    email: str,
    server: str,
    files: tuple[str, ...],
    dry_run: DryRun,
    output: Output | None,
) -> None:
    """Create a Secret with the credentials of a registry, for imagePullSecrets."""
    from minisets.core.records import new_objects

    if bool(files) == bool(username and password):
        raise click.UsageError(
            "either --from-file or the combination of --docker-username, --docker-password and "
            "--docker-server is required"
        )
    if files:
        from minisets.core.records.new_objects import DOCKER_CONFIG, DOCKER_KEY, parse_file_source
        from minisets.engine.key_files import read_bytes

        contents = [read_bytes(parse_file_source(file)[1]) for file in files]
        made = new_objects.secret(name, [(DOCKER_KEY, one) for one in contents], DOCKER_CONFIG)
    else:
        made = new_objects.docker_secret(name, server, username, password, email)
    _create(settings, kinds.SECRET, made, dry_run, output)


def _pairs(
    files: tuple[str, ...], literals: tuple[str, ...], env_files: tuple[str, ...]
) -> list[tuple[str, bytes]]:
    from minisets.core.records.new_objects import parse_literal, parse_variables
    from minisets.engine.key_files import read_sources, read_text

    if env_files and (files or literals):
        raise click.UsageError("from-env-file cannot be combined with from-file or from-literal")
    found = [pair for file in env_files for pair in parse_variables(read_text(file), os.environ)]
    return [*found, *read_sources(files), *map(parse_literal, literals)]


def _create(
    settings: Settings, resource: Resource, made: Object, dry_run: DryRun, output: Output | None
) -> None:
    from minisets.app.changes import place
    from minisets.core.input.load import load
    from minisets.core.input.source import Document, Source

    if resource is not kinds.NAMESPACE and settings.namespace_given is not None:
        made["metadata"]["namespace"] = settings.namespace
    (found,) = load([Document(made, Source())]).objects
    (item,) = place([found], settings.namespace, is_explicit=False)
    with open_screen(settings) as screen:
        if dry_run != "client":
            with open_context(settings, screen) as context:
                from minisets.app.create import create as use_case

                use_case(context, item, resource.plural, is_dry=dry_run == "server")
        screen.result(_shown(resource, made, dry_run, output))


def _shown(resource: Resource, made: Object, dry_run: DryRun, output: Output | None) -> str:
    from minisets.cli.output import to_json, to_yaml

    printed = f"{resource.printed}/{made['metadata']['name']}"
    match output:
        case "yaml":
            return to_yaml(made).rstrip("\n")
        case "json":
            return to_json(made).rstrip("\n")
        case "name":
            return printed
        case _:
            return f"{printed} created{DRY_WORDS[dry_run]}"
