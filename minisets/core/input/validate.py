"""Cross-field rules, with the API server's messages; all problems at once, never raises.

The objects have passed the schema and are defaulted, so that their shape is known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_data import check_data, check_data_update
from minisets.core.input.validate_names import (
    MAX_LABEL,
    check_label_name,
    check_label_selector,
    check_labels,
    check_not_negative,
    check_qualified_name,
    check_subdomain_name,
    duplicate,
    invalid,
    problem_at,
    required,
    unsupported,
)
from minisets.core.input.validate_objects import (
    check_claim,
    check_claim_spec,
    check_service,
    check_storage_class,
    check_volume_object,
)
from minisets.core.input.validate_pod import check_pod_spec
from minisets.core.input.validate_storage import check_storage_update
from minisets.core.input.validate_volumes import check_volume_source
from minisets.core.network.publishing import (
    PUBLISH,
    PUBLISH_ADDRESS,
    check_address,
    check_publish,
    named_ports,
)
from minisets.errors import Problem

_Obj = dict[str, Any]
_Check = Callable[[_Obj], Iterator[Problem]]

_LABEL_NAMED = frozenset({"StatefulSet", "Service", "Namespace"})
_CLUSTER_KINDS = frozenset({"Namespace", "PersistentVolume", "StorageClass"})
_PERCENT = re.compile(r"[0-9]+%\Z")
_PERCENT_MESSAGE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or "
    "'93%', regex used for validation is '[0-9]+%')"
)
_MOST_BYTES = 256 * 1024
_SPEC: Path = ("spec",)
_TEMPLATE: Path = ("spec", "template")

_MUTABLE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)
_IMMUTABLE_MESSAGE = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
    "'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate(obj: _Obj) -> tuple[Problem, ...]:
    """List what is wrong in one object that has passed the schema and is defaulted."""
    checks = (_check_metadata, *_KIND_CHECKS.get(obj.get("kind", ""), ()))
    return tuple(problem for check in checks for problem in check(obj))


def find_overwritten(objects: Iterable[_Obj]) -> tuple[tuple[int, int], ...]:
    """Find objects of one input whose kind, namespace and name a later one has again.

    As kubectl applies the objects of a file one after the other, the last one stays.

    Returns:
        The position of each such object, and of the next one of its name.
    """
    last: dict[tuple[str, str, str], int] = {}
    found = []
    for index, obj in enumerate(objects):
        metadata = obj.get("metadata", {})
        kind, name = obj.get("kind", ""), metadata.get("name", "")
        namespace = "" if kind in _CLUSTER_KINDS else metadata.get("namespace", "default")
        if (kind, namespace, name) in last:
            found.append((last[kind, namespace, name], index))
        last[kind, namespace, name] = index
    return tuple(found)


def validate_update(old: _Obj, new: _Obj) -> tuple[Problem, ...]:
    """List what an update of an object may not change; both objects are defaulted."""
    match new.get("kind"):
        case "StatefulSet":
            return _check_set_update(old, new)
        case "ConfigMap" | "Secret":
            return tuple(check_data_update(old, new))
        case _:
            return tuple(check_storage_update(old, new))


def _check_set_update(old: _Obj, new: _Obj) -> tuple[Problem, ...]:
    """List what an update of a set may not change.

    Claim templates may come and go and may ask for another size, which Kubernetes refuses;
    any other difference in one is refused as there.
    """
    before, after = old.get("spec", {}), new.get("spec", {})
    changed: list[Path] = [
        (name,)
        for name in sorted({*before, *after} - _MUTABLE - {"volumeClaimTemplates"})
        if before.get(name, "") != after.get(name, "")
    ]
    changed += [("volumeClaimTemplates", index) for index in _changed_claims(before, after)]
    return tuple(
        problem_at((*_SPEC, *path), _IMMUTABLE_MESSAGE, _recreate_hint(new)) for path in changed
    )


def _recreate_hint(obj: _Obj) -> str:
    name = obj.get("metadata", {}).get("name", "NAME")
    return f"run minisets delete sts {name}, then apply again; its volumes stay"


def _changed_claims(before: _Obj, after: _Obj) -> Iterator[int]:
    old_claims = {
        claim["metadata"]["name"]: _without_size(claim)
        for claim in before.get("volumeClaimTemplates", ())
    }
    for index, claim in enumerate(after.get("volumeClaimTemplates", ())):
        old_claim = old_claims.get(claim["metadata"]["name"])
        if old_claim is not None and old_claim != _without_size(claim):
            yield index


def _without_size(claim: _Obj) -> _Obj:
    spec = claim.get("spec", {})
    requests = spec.get("resources", {}).get("requests", {})
    others = {name: amount for name, amount in requests.items() if name != "storage"}
    return {
        "metadata": {
            "labels": claim["metadata"].get("labels", {}),
            "annotations": claim["metadata"].get("annotations", {}),
        },
        "spec": {**spec, "resources": {**spec.get("resources", {}), "requests": others}},
    }


def _check_metadata(obj: _Obj) -> Iterator[Problem]:
    metadata = obj.get("metadata", {})
    name = metadata.get("name")
    if not name:
        yield required(("metadata", "name"))
    elif obj.get("kind") in _LABEL_NAMED:
        yield from check_label_name(("metadata", "name"), name)
    else:
        yield from check_subdomain_name(("metadata", "name"), name)
    if metadata.get("namespace"):
        yield from check_label_name(("metadata", "namespace"), metadata["namespace"])
    yield from check_labels(("metadata", "labels"), metadata.get("labels", {}))
    annotations = metadata.get("annotations", {})
    for key in annotations:
        yield from check_qualified_name(("metadata", "annotations"), key.lower())
    if sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) > _MOST_BYTES:
        message = f"Too long: may not be more than {_MOST_BYTES} bytes"
        yield problem_at(("metadata", "annotations"), message)


def _check_pod_names(obj: _Obj) -> Iterator[Problem]:
    spec = obj["spec"]
    start = spec.get("ordinals", {}).get("start", 0)
    last = start + max(spec.get("replicas", 1), 1) - 1
    pod = f"{obj['metadata'].get('name', '')}-{last}"
    if len(pod) > MAX_LABEL >= len(obj["metadata"].get("name", "")):
        detail = f"the name of its pod {pod} must be no more than {MAX_LABEL} characters"
        yield invalid(("metadata", "name"), obj["metadata"]["name"], detail)


def _check_numbers(obj: _Obj) -> Iterator[Problem]:
    spec = obj["spec"]
    for name in ("replicas", "minReadySeconds"):
        yield from check_not_negative((*_SPEC, name), spec.get(name))
    start = spec.get("ordinals", {}).get("start")
    yield from check_not_negative((*_SPEC, "ordinals", "start"), start)


def _check_policies(obj: _Obj) -> Iterator[Problem]:
    spec = obj["spec"]
    policy = spec.get("podManagementPolicy", "OrderedReady")
    if policy not in ("OrderedReady", "Parallel"):
        detail = "must be 'OrderedReady' or 'Parallel'"
        yield invalid((*_SPEC, "podManagementPolicy"), policy, detail)
    if spec.get("serviceName"):
        yield from check_label_name((*_SPEC, "serviceName"), spec["serviceName"])


def _check_strategy(obj: _Obj) -> Iterator[Problem]:
    strategy = obj["spec"].get("updateStrategy", {})
    path: Path = ("spec", "updateStrategy")
    kind = strategy.get("type", "RollingUpdate")
    if kind not in ("RollingUpdate", "OnDelete"):
        yield invalid((*path, "type"), kind, "must be 'RollingUpdate' or 'OnDelete'")
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        return
    if kind == "OnDelete":
        detail = "only allowed for updateStrategy 'RollingUpdate'"
        yield invalid((*path, "rollingUpdate"), rolling, detail)
    partition_path = (*path, "rollingUpdate", "partition")
    yield from check_not_negative(partition_path, rolling.get("partition"))
    limit_path = (*path, "rollingUpdate", "maxUnavailable")
    yield from _check_max_unavailable(limit_path, rolling.get("maxUnavailable", 1))


def _check_max_unavailable(path: Path, limit: int | str) -> Iterator[Problem]:
    if isinstance(limit, int):
        yield from check_not_negative(path, limit)
        percent = None
    elif not _PERCENT.match(limit):
        yield invalid(path, limit, _PERCENT_MESSAGE)
        return
    else:
        percent = int(limit[:-1])
    if limit == 0 or percent == 0:
        yield invalid(path, limit, "cannot be 0")
    if percent is not None and percent > 100:
        yield invalid(path, limit, "must not be greater than 100%")


def _check_selector(obj: _Obj) -> Iterator[Problem]:
    selector = obj["spec"].get("selector", {})
    path: Path = ("spec", "selector")
    labels = obj["spec"]["template"].get("metadata", {}).get("labels", {})
    wrong = tuple(check_label_selector(path, selector))
    yield from wrong
    yield from check_labels((*_TEMPLATE, "metadata", "labels"), labels)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid(path, selector, "empty selector is invalid for statefulset")
    elif not wrong and not selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        yield invalid((*_TEMPLATE, "metadata", "labels"), labels, detail)


def selects(selector: _Obj, labels: dict[str, str]) -> bool:
    """Tell whether a label selector matches these labels."""
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression_holds(expression, labels)
        for expression in selector.get("matchExpressions", ())
    )


def _expression_holds(expression: _Obj, labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", ())
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _check_template(obj: _Obj) -> Iterator[Problem]:
    spec = obj["spec"]["template"].get("spec", {})
    path: Path = (*_TEMPLATE, "spec")
    if spec.get("restartPolicy", "Always") != "Always":
        yield unsupported((*path, "restartPolicy"), spec["restartPolicy"], ("Always",))
    if "activeDeadlineSeconds" in spec:
        message = "Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"
        yield problem_at((*path, "activeDeadlineSeconds"), message)
    claims = frozenset(
        claim["metadata"].get("name", "") for claim in obj["spec"].get("volumeClaimTemplates", ())
    )
    yield from check_pod_spec(path, spec, claims)


def _check_claim_templates(obj: _Obj) -> Iterator[Problem]:
    names: set[str] = set()
    for index, claim in enumerate(obj["spec"].get("volumeClaimTemplates", ())):
        path: Path = ("spec", "volumeClaimTemplates", index)
        name = claim["metadata"].get("name", "")
        if not name:
            yield required((*path, "metadata", "name"))
            continue
        yield from check_label_name((*path, "metadata", "name"), name)
        if name in names:
            yield duplicate((*path, "metadata", "name"), name)
        names.add(name)
        yield from check_claim_spec((*path, "spec"), claim.get("spec", {}))


def _check_published(obj: _Obj) -> Iterator[Problem]:
    annotations = obj.get("metadata", {}).get("annotations", {})
    for key, check in ((PUBLISH, check_publish), (PUBLISH_ADDRESS, check_address)):
        if annotations.get(key) and (wrong := check(annotations[key])):
            yield problem_at(("metadata", "annotations", key), wrong)
    known = {
        port.get("name")
        for container in obj["spec"]["template"].get("spec", {}).get("containers", ())
        for port in container.get("ports", ())
    }
    for name in named_ports(annotations.get(PUBLISH, "")):
        if name not in known:
            message = f'no container has a port named "{name}"'
            yield problem_at(("metadata", "annotations", PUBLISH), message)


_KIND_CHECKS: dict[str, tuple[_Check, ...]] = {
    "StatefulSet": (
        _check_pod_names,
        _check_numbers,
        _check_policies,
        _check_strategy,
        _check_selector,
        _check_template,
        _check_claim_templates,
        _check_published,
    ),
    "Service": (check_service,),
    "ConfigMap": (check_data,),
    "Secret": (check_data,),
    "PersistentVolumeClaim": (check_claim,),
    "PersistentVolume": (check_volume_object, check_volume_source),
    "StorageClass": (check_storage_class,),
}
