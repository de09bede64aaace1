"""Revisions of a set as text: the history table, and one revision in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from minisets.cli.render import render_table
from minisets.core.controller.revision import parse_template
from minisets.core.records.set_record import RevisionEntry
from minisets.errors import NotFound

_NONE = "<none>"


def render_history(title: str, entries: Sequence[RevisionEntry]) -> str:
    """Return kubectl's table of revisions, oldest first."""
    if not entries:
        return "No rollout history found."
    rows = [
        {"REVISION": str(entry.number), "CHANGE-CAUSE": entry.change_cause or _NONE}
        for entry in entries
    ]
    return f"{title} \n{render_table(rows)}\n"


def render_revision(title: str, entries: Sequence[RevisionEntry], number: int) -> str:
    """Return the pod template of one revision.

    Raises:
        NotFound: There is no revision of that number.
    """
    for entry in entries:
        if entry.number == number:
            lines = _template_lines(parse_template(entry.template))
            return "\n".join([f"{title} with revision #{number}", "Pod Template:", *lines])
    known = ", ".join(str(entry.number) for entry in entries)
    raise NotFound("unable to find the specified revision", hint=f"the revisions are {known}")


def _template_lines(template: dict[str, Any]) -> Iterator[str]:
    metadata = template.get("metadata", {})
    yield from _pairs("  Labels:", metadata.get("labels", {}))
    if metadata.get("annotations"):
        yield from _pairs("  Annotations:", metadata["annotations"])
    yield "  Containers:"
    for container in template["spec"]["containers"]:
        yield from _container_lines(container)


def _container_lines(container: dict[str, Any]) -> Iterator[str]:
    yield f"   {container['name']}:"
    yield f"    Image:\t{container['image']}"
    ports = [f"{port['containerPort']}/{port['protocol']}" for port in container.get("ports", ())]
    yield f"    Port:\t{', '.join(ports) or _NONE}"
    for title, key in (("Command", "command"), ("Args", "args")):
        if container.get(key):
            yield f"    {title}:"
            yield from (f"      {word}" for word in container[key])
    environment = container.get("env", ())
    yield "    Environment:" if environment else f"    Environment:\t{_NONE}"
    for variable in environment:
        yield f"      {variable['name']}:\t{variable.get('value', '(from the pod)')}"
    mounts = container.get("volumeMounts", ())
    yield "    Mounts:" if mounts else f"    Mounts:\t{_NONE}"
    for mount in mounts:
        mode = "ro" if mount.get("readOnly") else "rw"
        yield f"      {mount['mountPath']} from {mount['name']} ({mode})"


def _pairs(title: str, pairs: dict[str, str]) -> Iterator[str]:
    if not pairs:
        yield f"{title}\t{_NONE}"
        return
    for index, (key, value) in enumerate(sorted(pairs.items())):
        yield f"{title if index == 0 else ''}\t{key}={value}"
