"""The files of a pod's ConfigMap, Secret, downwardAPI and projected volumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from minisets.core.manifest.volume import (
    ConfigMapProjection,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    KeyToPath,
    SecretProjection,
    Volume,
    VolumeProjection,
)
from minisets.core.pod.environment import PodFields, Surroundings
from minisets.core.pod.resource_fields import resource_value
from minisets.core.records.configuration import Values, value_of
from minisets.core.volumes.file_entry import FileEntry

_DEFAULT_MODE = 0o644
# Kubernetes rule: with fsGroup the group may read what nobody may write.
_GROUP_READS = 0o440
# What Go's %q, which Kubernetes writes maps with, has a letter for.
_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """What a volume says of the files that do not say it themselves."""

    mode: int = _DEFAULT_MODE
    user: int | None = None
    fs_group: int | None = None

    def entry(
        self, path: str, content: bytes, item: KeyToPath | DownwardAPIVolumeFile | None = None
    ) -> FileEntry:
        mode = self.mode if item is None or item.mode is None else item.mode
        user = self.user if item is None or item.user is None else item.user
        if self.fs_group is not None:
            mode |= _GROUP_READS
        return FileEntry(
            path=path, content=content, mode=mode, uid=user or 0, gid=self.fs_group or 0
        )


def has_files(volume: Volume) -> bool:
    """Say whether a volume is made of files that the manifests give."""
    sources = (volume.config_map, volume.secret, volume.downward_api, volume.projected)
    return any(source is not None for source in sources)


def volume_files(
    volume: Volume, around: Surroundings, *, fs_group: int | None = None
) -> tuple[FileEntry, ...]:
    """Return the files of a volume, by path; none if it is of another sort.

    Args:
        volume: Of the pod's template.
        around: What the files can show: the pod's fields, ConfigMaps and Secrets.
        fs_group: Of the pod: owns the files, and may read them.

    Raises:
        ReferenceMissing: A ConfigMap, a Secret or a key of one is not there, and not optional.
    """
    source = volume.config_map or volume.secret or volume.downward_api or volume.projected
    if source is None:
        return ()
    owner = _Owner(mode=source.default_mode, user=source.default_user, fs_group=fs_group)
    # Kubernetes rule: of several sources the last one wins a path.
    by_path = {
        entry.path: entry for one in _sources(volume) for entry in _entries(one, around, owner)
    }
    return tuple(by_path[path] for path in sorted(by_path))


def references(volumes: Iterable[Volume]) -> frozenset[tuple[str, str]]:
    """Return kind and name of the ConfigMaps and Secrets whose content is in these volumes."""
    sources = [source for volume in volumes for source in _sources(volume)]
    maps = {("ConfigMap", one.config_map.name) for one in sources if one.config_map is not None}
    return frozenset(maps | {("Secret", one.secret.name) for one in sources if one.secret})


def _sources(volume: Volume) -> tuple[VolumeProjection, ...]:
    """Return a volume of any of the four sorts as a projected one."""
    if volume.config_map is not None:
        one = volume.config_map
        return (
            VolumeProjection(
                config_map=ConfigMapProjection(
                    name=one.name, items=one.items, optional=one.optional
                )
            ),
        )
    if volume.secret is not None:
        secret = volume.secret
        return (
            VolumeProjection(
                secret=SecretProjection(
                    name=secret.secret_name, items=secret.items, optional=secret.optional
                )
            ),
        )
    if volume.downward_api is not None:
        items = volume.downward_api.items
        return (VolumeProjection(downward_api=DownwardAPIProjection(items=items)),)
    return volume.projected.sources if volume.projected is not None else ()


def _entries(source: VolumeProjection, around: Surroundings, owner: _Owner) -> Iterator[FileEntry]:
    if source.config_map is not None:
        one = source.config_map
        values = around.configuration.config_map(one.name, optional=one.optional)
        yield from _keys(values, "configmap", one, owner)
    if source.secret is not None:
        secret = source.secret
        values = around.configuration.secret(secret.name, optional=secret.optional)
        yield from _keys(values, "secret", secret, owner)
    if source.downward_api is not None:
        yield from _pod_fields(source.downward_api.items, around, owner)


def _keys(
    values: Values, kind: str, source: ConfigMapProjection | SecretProjection, owner: _Owner
) -> Iterator[FileEntry]:
    """Yield the keys that are asked for, all of them if none is."""
    if not source.items:
        for key, content in values.items():
            yield owner.entry(key, content)
    for item in source.items:
        found = value_of(values, kind, source.name, item.key, optional=source.optional)
        if found is not None:
            yield owner.entry(_clean(item.path), found, item)


def _pod_fields(
    items: tuple[DownwardAPIVolumeFile, ...], around: Surroundings, owner: _Owner
) -> Iterator[FileEntry]:
    for item in items:
        text = ""
        if item.field_ref is not None:
            text = _field(around.fields, item.field_ref.field_path)
        elif item.resource_field_ref is not None:
            text = resource_value(item.resource_field_ref, around.pod, around.capacity)
        yield owner.entry(_clean(item.path), text.encode(), item)


def _field(fields: PodFields, path: str) -> str:
    maps = {"metadata.labels": fields.labels, "metadata.annotations": fields.annotations}
    return _lines(maps[path]) if path in maps else fields.get(path)


def _lines(values: Mapping[str, str]) -> str:
    """Write a map as Kubernetes does: a line for each key, the value quoted as Go does it."""
    return "\n".join(f'{key}="{_escaped(values[key])}"' for key in sorted(values))


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char) or _printable(char) for char in text)


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"


def _clean(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))
