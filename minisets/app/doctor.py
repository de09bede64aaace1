"""The use case doctor: the Engine, the way to pods, the disk, and what is out of place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from minisets.app.context import Context
from minisets.app.loop.images import policies
from minisets.core import labels
from minisets.core.observed import DiskUsage, EngineInfo, NetworkSeen
from minisets.core.query.diagnosis import Finding, Level, diagnose
from minisets.core.query.holdings import Holdings
from minisets.engine.routes import has_bridge

# Before it, `docker volume prune` takes named volumes, too, and so records and parked claims.
_GENTLE_PRUNE_API = (1, 42)
_DISK_SECONDS = 8.0
_LOW_SPACE = 0.10
_LEAST_SPACE = 1 << 30
_UNITS = ("B", "kB", "MB", "GB", "TB")


def examine(context: Context, *, docker_config: Path) -> list[Finding]:
    """Look at everything and return the findings, the Engine's first; nothing is changed.

    Args:
        context: Of the command.
        docker_config: Docker's own file of settings, for the credential helpers it names.

    Raises:
        EngineError: The Engine fails, or holds what a newer minisets made.
    """
    engine = context.engine
    info = engine.info()
    held = Holdings(
        containers=engine.containers({}),
        volumes=engine.volumes({}),
        networks=engine.networks(),
        now=context.clock.now(),
    )
    return [
        *_engine(info),
        _addresses(info, held.networks),
        *_disk(info, engine.disk_usage(timeout_seconds=_DISK_SECONDS), held),
        *_credentials(docker_config),
        *diagnose(held),
        *_images(context, held),
    ]


def _engine(info: EngineInfo) -> Iterator[Finding]:
    offered, spoken = (".".join(map(str, one)) for one in (info.offered_api, info.api_version))
    yield Finding(
        level=Level.OK,
        check="engine",
        message=f"{info.product} {info.version} ({info.os}/{info.architecture}) at {info.endpoint}"
        f" (chosen by {info.endpoint_source}); API {offered}, spoken {spoken}",
    )
    if info.api_version < _GENTLE_PRUNE_API:
        yield Finding(
            level=Level.NOTE,
            check="engine",
            message="on this Engine `docker volume prune` removes named volumes, too: the records "
            "of sets, and the claims of pods that are parked",
            remedy=f"docker volume prune --filter label!={labels.SCHEMA}",
        )


def _addresses(info: EngineInfo, networks: Sequence[NetworkSeen]) -> Finding:
    bridges = [seen for seen in networks if seen.driver == "bridge" and seen.name != "bridge"]
    if info.is_local and any(has_bridge(seen.id) for seen in bridges):
        return Finding(
            level=Level.OK, check="addresses", message="pods answer at their own addresses"
        )
    if info.is_local and not bridges:
        return Finding(
            level=Level.OK,
            check="addresses",
            message="no network yet that would tell whether pods answer at their own addresses",
        )
    return Finding(
        level=Level.NOTE,
        check="addresses",
        message="the Engine's networks are not on this machine (Docker Desktop, rootless, or "
        "remote): pods answer at published ports only, and probes go by those or run a tool "
        "inside the pod",
        remedy="minisets port-forward POD 8080:80, or publish the port",
    )


def _disk(info: EngineInfo, usage: DiskUsage | None, held: Holdings) -> Iterator[Finding]:
    if usage is None:
        yield Finding(
            level=Level.NOTE,
            check="disk",
            message=f"the Engine took longer than {_DISK_SECONDS:g}s to add up what its objects "
            "take",
            remedy="docker system df",
        )
    else:
        claims = [
            volume.name
            for volume in held.volumes
            if volume.labels.get(labels.KIND) == labels.KIND_CLAIM
        ]
        taken = sum(usage.volumes.get(name, 0) for name in claims)
        yield Finding(
            level=Level.OK,
            check="disk",
            message=f"{len(claims)} claims take {_size(taken)}, all volumes "
            f"{_size(sum(usage.volumes.values()))}, images {_size(usage.images)}, containers "
            f"{_size(usage.containers)}, build cache {_size(usage.build_cache)}",
        )
    if not info.is_local or not info.root:
        return
    try:
        space = shutil.disk_usage(info.root)
    except OSError:
        # Another user's folder, or one inside a virtual machine.
        return
    is_low = space.free < min(_LOW_SPACE * space.total, 10 * _LEAST_SPACE)
    yield Finding(
        level=Level.PROBLEM if is_low else Level.OK,
        check="disk",
        message=f"{_size(space.free)} of {_size(space.total)} are free at {info.root}",
        remedy="docker image prune, docker builder prune" if is_low else "",
    )


def _credentials(file: Path) -> Iterator[Finding]:
    """Credential helpers that Docker's settings name and that are not there: no pull works."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        yield Finding(
            level=Level.PROBLEM,
            check="credentials",
            message=f"{file} cannot be read: {error}",
            remedy=f"correct or remove {file}",
        )
        return
    if not isinstance(settings, Mapping):
        return
    named = {settings.get("credsStore"), *(settings.get("credHelpers") or {}).values()}
    for helper in sorted(name for name in named if name):
        program = f"docker-credential-{helper}"
        if shutil.which(program) is None:
            yield Finding(
                level=Level.PROBLEM,
                check="credentials",
                message=f"{file} names the credential helper {helper}, and {program} is not on "
                "the PATH: pulls fail",
                remedy=f"install {program}, or take the entry out of {file}",
            )


def _images(context: Context, held: Holdings) -> Iterator[Finding]:
    """Images that sets ask for and that are not here."""
    pods = [live.manifest.spec.template.spec for live in held.sets]
    for image, policy in policies(pods, None).items():
        if context.engine.image(image) is None:
            yield Finding(
                level=Level.PROBLEM if policy == "Never" else Level.NOTE,
                check="images",
                message=f"the image {image} is not here"
                + (" and is never to be pulled" if policy == "Never" else ": it will be pulled"),
                remedy=f"docker pull {image}",
            )


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_UNITS[-1]}"
