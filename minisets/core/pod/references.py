"""Which ConfigMaps and Secrets a pod refers to, from where, and which of them are missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from minisets.core.input.source import Notice, Path, render_path
from minisets.core.manifest import Container, PodTemplateSpec, Volume
from minisets.core.manifest.volume import ConfigMapProjection, KeyToPath, SecretProjection

Kind = Literal["ConfigMap", "Secret"]
Use = Literal["env", "files", "single file", "pull"]
Keys = Callable[[Kind, str], frozenset[str] | None]
"""Gives the keys of an object by kind and name; None if it is not there."""

_POD: Path = ("spec", "template", "spec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One place where a pod refers to a ConfigMap or a Secret.

    Attributes:
        key: The key that must be there; empty for the object alone.
        optional: The pod starts without it.
        use: What a change of the object means: ``files`` change while the pod runs, a
            ``single file`` (a subPath) and ``env`` do not.
        path: In the set.
    """

    kind: Kind
    name: str
    key: str = ""
    optional: bool = False
    use: Use
    path: str


def references(template: PodTemplateSpec) -> tuple[Reference, ...]:
    """Return all references of the pods of a template, in its order."""
    spec = template.spec
    found: list[Reference] = []
    for field, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        for index, container in enumerate(containers):
            found += _of_container(container, (*_POD, field, index))
    for index, volume in enumerate(spec.volumes):
        for use in _uses_of_volume(template, volume.name):
            found += _of_volume(volume, use, (*_POD, "volumes", index))
    for index, one in enumerate(spec.image_pull_secrets):
        path = render_path((*_POD, "imagePullSecrets", index))
        # Kubernetes rule: one that is not there is passed over.
        found.append(Reference(kind="Secret", name=one.name, optional=True, use="pull", path=path))
    return tuple(found)


def missing_notices(
    subject: str, template: PodTemplateSpec, keys: Keys, namespace_flag: str
) -> list[Notice]:
    """Return a notice for each object or key that pods need and that is not there.

    Args:
        subject: For example ``statefulset/web``.
        template: Of the set.
        keys: What is there, or will be when the set is.
        namespace_flag: For the command that is suggested: empty, or `` -n NAMESPACE``.
    """
    notices = []
    needed: dict[tuple[Kind, str], list[Reference]] = {}
    for one in references(template):
        there = keys(one.kind, one.name)
        if one.use == "pull" and there is None:
            text = f'there is no secret "{one.name}": images are pulled without it'
            notices.append(Notice(subject=subject, path=one.path, message=text))
        if not one.optional and (there is None or (one.key and one.key not in there)):
            needed.setdefault((one.kind, one.name), []).append(one)
    for (kind, name), found in needed.items():
        text = _missing(kind, name, found, keys(kind, name), namespace_flag)
        notices.append(Notice(subject=subject, path=found[0].path, message=text))
    return notices


def _missing(
    kind: Kind,
    name: str,
    found: Sequence[Reference],
    there: frozenset[str] | None,
    namespace_flag: str,
) -> str:
    """Say what is missing of one object, with all its keys at once."""
    wanted = list(dict.fromkeys(one.key for one in found if one.key))
    if there is not None:
        noun = "key" if len(wanted) == 1 else "keys"
        listed = ", ".join(f'"{key}"' for key in wanted)
        return f'the {kind.lower()} "{name}" has no {noun} {listed}: its pods cannot start'
    generic = " generic" if kind == "Secret" else ""
    literals = " ".join(f"--from-literal={key}=VALUE" for key in wanted or ["KEY"])
    return (
        f'there is no {kind.lower()} "{name}", so its pods cannot start: minisets create '
        f"{kind.lower()}{generic} {name} {literals}{namespace_flag}"
    )


def uses_of(
    template: PodTemplateSpec, kind: Kind, name: str, keys: Collection[str]
) -> tuple[Use, ...]:
    """Return how pods use some keys of an object while they run, each way once."""
    found: Sequence[Use] = [
        one.use
        for one in references(template)
        if (one.kind, one.name) == (kind, name) and one.use != "pull"
        if (one.key in keys if one.key else bool(keys))
    ]
    return tuple(dict.fromkeys(found))


def _uses_of_volume(template: PodTemplateSpec, name: str) -> tuple[Use, ...]:
    """Return how a volume is mounted; one that is not mounted holds files all the same."""
    spec = template.spec
    found: Sequence[Use] = [
        "single file" if mount.sub_path or mount.sub_path_expr else "files"
        for container in (*spec.init_containers, *spec.containers)
        for mount in container.volume_mounts
        if mount.name == name
    ]
    return tuple(dict.fromkeys(found)) or ("files",)


def _of_container(container: Container, path: Path) -> Iterator[Reference]:
    for index, source in enumerate(container.env_from):
        at = render_path((*path, "envFrom", index))
        for kind, whole in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            if whole is not None:
                yield Reference(
                    kind=_kind(kind), name=whole.name, optional=whole.optional, use="env", path=at
                )
    for index, variable in enumerate(container.env):
        found = variable.value_from
        if found is None or variable.value:
            continue
        at = render_path((*path, "env", index))
        for kind, one in (
            ("ConfigMap", found.config_map_key_ref),
            ("Secret", found.secret_key_ref),
        ):
            if one is not None:
                yield Reference(
                    kind=_kind(kind),
                    name=one.name,
                    key=one.key,
                    optional=one.optional,
                    use="env",
                    path=at,
                )


def _of_volume(volume: Volume, use: Use, path: Path) -> Iterator[Reference]:
    if volume.config_map is not None:
        source = volume.config_map
        whole = ConfigMapProjection(name=source.name, items=source.items, optional=source.optional)
        yield from _of_files("ConfigMap", whole, use, path)
    if volume.secret is not None:
        secret = SecretProjection(
            name=volume.secret.secret_name,
            items=volume.secret.items,
            optional=volume.secret.optional,
        )
        yield from _of_files("Secret", secret, use, path)
    for part in volume.projected.sources if volume.projected else ():
        if part.config_map is not None:
            yield from _of_files("ConfigMap", part.config_map, use, path)
        if part.secret is not None:
            yield from _of_files("Secret", part.secret, use, path)


def _of_files(
    kind: Kind, source: ConfigMapProjection | SecretProjection, use: Use, path: Path
) -> Iterator[Reference]:
    items: Iterable[KeyToPath | None] = source.items or (None,)
    for item in items:
        yield Reference(
            kind=kind,
            name=source.name,
            key=item.key if item else "",
            optional=source.optional,
            use=use,
            path=render_path(path),
        )


def _kind(word: str) -> Kind:
    return "Secret" if word == "Secret" else "ConfigMap"
