"""Which sets are made to use the Kubernetes API, which is not here, and what tells so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minisets.core.input.source import Json, Notice, Path, render_path

_Obj = Mapping[str, Any]

_POD: Path = ("spec", "template", "spec")
_NAMES = (
    re.compile(r"(?<![\w.-])kubernetes\.default(?:\.svc(?:\.[a-z0-9.-]*[a-z0-9])?)?(?![\w-])"),
    re.compile(r"\bKUBERNETES_(?:SERVICE|PORT)\w*"),
    re.compile(r"/var/run/secrets/kubernetes\.io/serviceaccount\b"),
)
# The program, not a part of kubectl.kubernetes.io or of a path to something else.
_PROGRAM = re.compile(r"(?<![\w.-])kubectl(?=\s|\Z)")
_HOOKS = (
    *(("lifecycle", name) for name in ("postStart", "preStop")),
    *((name,) for name in ("livenessProbe", "readinessProbe", "startupProbe")),
)
_MOST = 3


def api_notice(manifest: _Obj, others: Sequence[Json]) -> Notice | None:
    """Say that a set's pods want the Kubernetes API; None if nothing tells so.

    Args:
        manifest: The set, as it is written; has passed the schema.
        others: What else stands in the input, of any kind and unchecked: roles and their
            bindings, ConfigMaps.
    """
    found: dict[str, Path] = {}
    for path, evidence in (
        *_rights(manifest, others),
        *_tokens(manifest),
        *_words(manifest),
        *_files(manifest, others),
    ):
        found.setdefault(evidence, path)
    if not found:
        return None
    told = list(found)[:_MOST]
    rest = f"; {len(found) - _MOST} more" if len(found) > _MOST else ""
    return Notice(
        subject=f"statefulset/{manifest['metadata'].get('name', '')}",
        path=render_path(next(iter(found.values()))),
        message="its pods are made to use the Kubernetes API, and there is none here: what they "
        f"ask it for fails ({'; '.join(told)}{rest})",
    )


def _rights(manifest: _Obj, others: Sequence[Json]) -> Iterator[tuple[Path, str]]:
    pod = _pod(manifest)
    if pod.get("automountServiceAccountToken") is False:
        return
    field = next(
        (name for name in ("serviceAccountName", "serviceAccount") if pod.get(name)), None
    )
    account = pod[field] if field else "default"
    space = manifest["metadata"].get("namespace")
    names = []
    for binding in others:
        kind = _map(binding).get("kind")
        if kind not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        metadata = _map(_map(binding).get("metadata"))
        given = [
            subject
            for subject in map(_map, _list(binding.get("subjects")))
            if (subject.get("kind"), subject.get("name")) == ("ServiceAccount", account)
            and _is_same(space, subject.get("namespace") or metadata.get("namespace"))
        ]
        if given and not _is_of_no_use(_map(binding.get("roleRef")), others):
            names.append(f"{kind.lower()}/{metadata.get('name', '')}")
    if names:
        who = f"{names[0]} gives" if len(names) == 1 else f"{len(names)} role bindings give"
        yield (*_POD, field) if field else _POD, f"{who} its service account rights"


def _is_same(one: str | None, other: str | None) -> bool:
    # The namespace that neither names is the one of the command.
    return one is None or other is None or one == other


def _is_of_no_use(reference: _Obj, others: Sequence[Json]) -> bool:
    """Say whether a role lets its holder ask nothing: it says which pods may be created."""
    wanted = (reference.get("kind"), reference.get("name"))
    for role in map(_map, others):
        if (role.get("kind"), _map(role.get("metadata")).get("name")) == wanted:
            verbs = {verb for rule in _list(role.get("rules")) for verb in _verbs(rule)}
            return verbs <= {"use"}
    return False


def _verbs(rule: Json) -> list[str]:
    return [str(verb) for verb in _list(_map(rule).get("verbs"))]


def _tokens(manifest: _Obj) -> Iterator[tuple[Path, str]]:
    for index, volume in enumerate(_pod(manifest).get("volumes", ())):
        for source in volume.get("projected", {}).get("sources", ()):
            if "serviceAccountToken" in source:
                evidence = f"volume {volume['name']} holds a token of its service account"
                yield (*_POD, "volumes", index), evidence


def _words(manifest: _Obj) -> Iterator[tuple[Path, str]]:
    for path, container in _containers(manifest):
        for place, text, is_command in _texts(container):
            patterns = (*_NAMES, _PROGRAM) if is_command else _NAMES
            for match in _matches(text, patterns):
                yield (*path, *place), f"container {container['name']}: {match}"


def _files(manifest: _Obj, others: Sequence[Json]) -> Iterator[tuple[Path, str]]:
    used = dict(_config_maps(manifest))
    for obj in map(_map, others):
        name = _map(obj.get("metadata")).get("name")
        if obj.get("kind") == "ConfigMap" and isinstance(name, str) and name in used:
            for text in _map(obj.get("data")).values():
                for match in _matches(str(text), (*_NAMES, _PROGRAM)):
                    yield used[name], f"configmap/{name}: {match}"


def _config_maps(manifest: _Obj) -> Iterator[tuple[str, Path]]:
    for index, volume in enumerate(_pod(manifest).get("volumes", ())):
        sources = (volume, *volume.get("projected", {}).get("sources", ()))
        for source in sources:
            if "configMap" in source:
                yield source["configMap"].get("name", ""), (*_POD, "volumes", index)
    for path, container in _containers(manifest):
        for index, source in enumerate(container.get("envFrom", ())):
            if "configMapRef" in source:
                yield source["configMapRef"].get("name", ""), (*path, "envFrom", index)


def _containers(manifest: _Obj) -> Iterator[tuple[Path, _Obj]]:
    for field in ("initContainers", "containers"):
        for index, container in enumerate(_pod(manifest).get(field, ())):
            yield (*_POD, field, index), container


def _texts(container: _Obj) -> Iterator[tuple[Path, str, bool]]:
    """Yield what a container is told: place, text, whether the text is a command."""
    for index, variable in enumerate(container.get("env", ())):
        yield ("env", index), f"{variable['name']} {variable.get('value', '')}", False
    for field in ("command", "args"):
        for index, word in enumerate(container.get(field, ())):
            yield (field, index), word, True
    for path in _HOOKS:
        handler = container
        for name in path:
            handler = handler.get(name, {})
        for word in handler.get("exec", {}).get("command", ()):
            yield path, word, True


def _matches(text: str, patterns: Iterable[re.Pattern[str]]) -> Iterator[str]:
    for pattern in patterns:
        found = pattern.search(text)
        if found is not None:
            yield found[0]


def _pod(manifest: _Obj) -> _Obj:
    pod: _Obj = manifest["spec"]["template"].get("spec", {})
    return pod


def _map(value: Json) -> _Obj:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
