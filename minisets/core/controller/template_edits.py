"""Changes of a set's template by single values: variables and resources of its containers.

Pure: a live object in, a changed object out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from minisets.errors import InputError, NotFound

Object = dict[str, Any]


def with_variables(
    live: Object, *, containers: str, values: Mapping[str, str | None], overwrite: bool = True
) -> Object:
    """Return the object with other variables.

    Args:
        live: The live object.
        containers: Name of the containers; may hold ``*``.
        values: Name → value; None removes the variable.
        overwrite: Also change what has another value now.

    Raises:
        NotFound: There is no container of that name.
        InputError: A variable has another value, and ``overwrite`` is off.
    """
    changed = copy.deepcopy(live)
    for container in _chosen(changed, containers):
        variables: list[Object] = container.get("env") or []
        there = {one["name"]: one for one in variables}
        for name, value in values.items():
            new = {"name": name, "value": value}
            if not overwrite and there.get(name, new) != new and value is not None:
                raise InputError(
                    f"'{name}' already has a value ({there[name].get('value', 'from elsewhere')}),"
                    " and --overwrite is false",
                    hint="add --overwrite to change it",
                )
            if value is not None and name not in there:
                variables.append(new)
        kept = [
            {"name": one["name"], "value": values[one["name"]]} if one["name"] in values else one
            for one in variables
            if values.get(one["name"], "") is not None
        ]
        if kept:
            container["env"] = kept
        else:
            container.pop("env", None)
    return changed


def with_resources(
    live: Object, *, containers: str, limits: Mapping[str, str], requests: Mapping[str, str]
) -> Object:
    """Return the object with other resources; a quantity of 0 removes its limit or request.

    Raises:
        NotFound: There is no container of that name.
    """
    changed = copy.deepcopy(live)
    for container in _chosen(changed, containers):
        resources: Object = container.setdefault("resources", {})
        for part, given in (("limits", limits), ("requests", requests)):
            merged = {**(resources.get(part) or {}), **given}
            kept = {name: value for name, value in merged.items() if str(value) != "0"}
            if kept:
                resources[part] = kept
            else:
                resources.pop(part, None)
        if not resources:
            del container["resources"]
    return changed


def parse_quantities(text: str) -> dict[str, str]:
    """Read ``cpu=200m,memory=512Mi``.

    Raises:
        InputError: A part is no NAME=QUANTITY.
    """
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            raise InputError(
                f"invalid argument syntax {part!r}, expected <resource>=<quantity>",
                hint="for example --limits=cpu=500m,memory=256Mi",
            )
        found[name] = value
    return found


def variable_lines(live: Object, containers: str) -> Iterator[str]:
    """Yield the variables of containers as kubectl lists them.

    Raises:
        NotFound: There is no container of that name.
    """
    name = live["metadata"]["name"]
    for container in _chosen(live, containers):
        yield f"# StatefulSet {name}, container {container['name']}"
        for one in container.get("env") or ():
            source = next(iter(one.get("valueFrom") or ()), "")
            yield f"# {one['name']} from {source}" if source else _line(one)


def _line(variable: Object) -> str:
    return f"{variable['name']}={variable.get('value', '')}"


def _chosen(live: Object, pattern: str) -> list[Object]:
    pod = live["spec"]["template"]["spec"]
    everyone: list[Object] = [*(pod.get("initContainers") or ()), *pod["containers"]]
    found = [one for one in everyone if fnmatchcase(one["name"], pattern)]
    if not found:
        names = ", ".join(sorted(one["name"] for one in everyone))
        raise NotFound(
            f'unable to find container named "{pattern}"', hint=f"its containers are {names}"
        )
    return found
