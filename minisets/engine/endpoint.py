"""Where the Docker Engine is: the docker command's own rules, read from its own files.

The SDK reads neither DOCKER_CONTEXT nor, by ``from_env``, contexts at all. Nothing is contacted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from minisets.errors import InputError

DEFAULT_URL = (
    "npipe:////./pipe/docker_engine" if os.name == "nt" else "unix:///var/run/docker.sock"
)
DEFAULT_CONTEXT = "default"
_NO_TLS = ("unix://", "npipe://", "ssh://", "fd://")
_SCHEMES = (*_NO_TLS, "tcp://", "http://", "https://")


# No msgspec here: `version` reads this module, and would start half as fast again.
class TlsFiles(NamedTuple):
    """Files of a TLS connection, as far as they are there."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class Endpoint(NamedTuple):
    """Where the Engine is to be reached.

    Attributes:
        source: Who chose it: ``DOCKER_HOST``, ``context NAME`` or ``default``.
        tls: None for a connection without TLS.
        skip_verify: Take any certificate of the Engine.
    """

    url: str
    source: str = "default"
    tls: TlsFiles | None = None
    skip_verify: bool = False


def find_endpoint(
    context: str | None = None, *, environ: Mapping[str, str] | None = None
) -> Endpoint:
    """Find the Engine as the docker command does.

    An explicit context wins; then DOCKER_HOST, and nothing else then; then DOCKER_CONTEXT, the
    current context of Docker's configuration, and the default socket.

    Args:
        context: Name given by the user on the command line.
        environ: The environment; this process's own by default.

    Raises:
        InputError: The context does not exist, or a file of Docker's cannot be understood.
    """
    env = os.environ if environ is None else environ
    folder = _config_folder(env)
    name, chooser = context, "--context"
    if not name and not env.get("DOCKER_HOST"):
        name, chooser = env.get("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
        if not name:
            name, chooser = _current_context(folder), str(folder / "config.json")
    if name and name != DEFAULT_CONTEXT:
        return _of_context(name, folder, chooser)
    host = env.get("DOCKER_HOST")
    if not host:
        return Endpoint(url=DEFAULT_URL)
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    if "://" not in host:
        # As the docker command completes it.
        host = f"tcp://{host}" if ":" in host else f"tcp://{host}:{2376 if verify else 2375}"
    if not host.startswith(_SCHEMES):
        raise InputError(
            f"DOCKER_HOST is no address of an Engine: {host!r}",
            hint=f"as {DEFAULT_URL}, tcp://HOST:2376 or ssh://USER@HOST",
        )
    if host.startswith(_NO_TLS) or not (verify or env.get("DOCKER_TLS")):
        return Endpoint(url=host, source="DOCKER_HOST")
    files = _tls_files(Path(env.get("DOCKER_CERT_PATH") or folder))
    return Endpoint(
        url=host, source="DOCKER_HOST", tls=files or TlsFiles(), skip_verify=not verify
    )


def config_file(*, environ: Mapping[str, str] | None = None) -> Path:
    """Return where Docker's own settings are, whether the file is there or not."""
    return _config_folder(os.environ if environ is None else environ) / "config.json"


def extra_headers(*, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what Docker's settings add to the headers of every request; mostly nothing."""
    try:
        found = _read_json(config_file(environ=environ)).get("HttpHeaders")
    except (OSError, InputError):
        return {}
    return (
        {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    )


def context_names(*, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the names of Docker's contexts, the default one too; what cannot be read is none."""
    folder = _config_folder(os.environ if environ is None else environ)
    names = [DEFAULT_CONTEXT]
    for file in sorted((folder / "contexts" / "meta").glob("*/meta.json")):
        try:
            name = _read_json(file).get("Name")
        except (OSError, InputError):
            continue
        if isinstance(name, str):
            names.append(name)
    return tuple(names)


def _config_folder(env: Mapping[str, str]) -> Path:
    given = env.get("DOCKER_CONFIG")
    if given:
        return Path(given)
    home = env.get("HOME")
    return (Path(home) if home else Path.home()) / ".docker"


def _current_context(folder: Path) -> str | None:
    try:
        config = _read_json(folder / "config.json")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # As the docker command: su keeps another user's HOME.
        return None
    name = config.get("currentContext")
    return name if isinstance(name, str) else None


def _of_context(name: str, folder: Path, chooser: str) -> Endpoint:
    # Imported where needed: `version` reads this module and is to start fast.
    import hashlib

    key = hashlib.sha256(name.encode()).hexdigest()
    file = folder / "contexts" / "meta" / key / "meta.json"
    try:
        docker = _read_json(file)["Endpoints"]["docker"]
        host, skip = docker.get("Host"), bool(docker.get("SkipTLSVerify"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"the Docker context {name!r} does not exist (chosen by {chooser})",
            hint="docker context ls",
        ) from None
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"the Docker context {name!r} cannot be read: {error!r} in {file}",
            hint=f"docker context inspect {name}",
        ) from error
    url = host or DEFAULT_URL
    tls = _tls_files(folder / "contexts" / "tls" / key / "docker")
    if url.startswith(_NO_TLS):
        tls = None
    elif tls is None and (skip or url.startswith("https://")):
        tls = TlsFiles()
    return Endpoint(url=url, source=f"context {name}", tls=tls, skip_verify=skip)


def _read_json(file: Path) -> dict[str, Any]:
    text = file.read_text(encoding="utf-8")
    try:
        import json

        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"{file} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file} holds no JSON object")
    return value


def _tls_files(folder: Path) -> TlsFiles | None:
    found = {
        name: folder / f"{name}.pem"
        for name in ("ca", "cert", "key")
        if (folder / f"{name}.pem").is_file()
    }
    return TlsFiles(**found) if found else None
