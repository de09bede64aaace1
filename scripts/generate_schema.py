"""Write schema.json and descriptions.json of minisets/core/input from the official schemas.

Development only. It needs the package kubernetes-validate, which carries the official schemas of
every release and is far too big to be a dependency of minisets:

    pip install kubernetes-validate && python scripts/generate_schema.py 1.37.0

The schema holds one definition per type that the kinds of minisets reach. Descriptions are in a
file of their own, which only `minisets explain` reads: the schema is read by every apply.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

KINDS = {
    "StatefulSet": "io.k8s.api.apps.v1.StatefulSet",
    "Service": "io.k8s.api.core.v1.Service",
    "ConfigMap": "io.k8s.api.core.v1.ConfigMap",
    "Secret": "io.k8s.api.core.v1.Secret",
    "PersistentVolumeClaim": "io.k8s.api.core.v1.PersistentVolumeClaim",
    "PersistentVolume": "io.k8s.api.core.v1.PersistentVolume",
    "StorageClass": "io.k8s.api.storage.v1.StorageClass",
    "Namespace": "io.k8s.api.core.v1.Namespace",
}

ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
PROTOCOLS = ["SCTP", "TCP", "UDP"]
PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"]
RETENTION = ["Retain", "Delete"]
# The official schema carries no enumerations; these are the ones the API server checks with
# "Unsupported value". Those with wording of their own are in minisets/core/input/validate.py.
ENUMS: dict[tuple[str, str], list[str]] = {
    ("AppArmorProfile", "type"): PROFILES,
    ("Container", "imagePullPolicy"): ["Always", "IfNotPresent", "Never"],
    ("Container", "terminationMessagePolicy"): ["FallbackToLogsOnError", "File"],
    ("ContainerPort", "protocol"): PROTOCOLS,
    ("GRPCAction", "mode"): ["Plaintext", "TLS"],
    ("HTTPGetAction", "scheme"): ["HTTP", "HTTPS"],
    ("HostPathVolumeSource", "type"): [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ],
    ("PersistentVolumeClaimSpec", "accessModes"): ACCESS_MODES,
    ("PersistentVolumeClaimSpec", "volumeMode"): ["Block", "Filesystem"],
    ("PersistentVolumeSpec", "accessModes"): ACCESS_MODES,
    ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy"): ["Delete", "Recycle", "Retain"],
    ("PersistentVolumeSpec", "volumeMode"): ["Block", "Filesystem"],
    ("PodSecurityContext", "fsGroupChangePolicy"): ["Always", "OnRootMismatch"],
    ("PodSpec", "dnsPolicy"): ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ("SeccompProfile", "type"): PROFILES,
    ("ServicePort", "protocol"): PROTOCOLS,
    ("ServiceSpec", "externalTrafficPolicy"): ["Cluster", "Local"],
    ("ServiceSpec", "internalTrafficPolicy"): ["Cluster", "Local"],
    ("ServiceSpec", "sessionAffinity"): ["ClientIP", "None"],
    ("ServiceSpec", "type"): ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    ("StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted"): RETENTION,
    ("StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled"): RETENTION,
    ("StorageClass", "reclaimPolicy"): ["Delete", "Retain"],
    ("StorageClass", "volumeBindingMode"): ["Immediate", "WaitForFirstConsumer"],
    ("VolumeMount", "mountPropagation"): ["Bidirectional", "HostToContainer", "None"],
}

SCALARS: dict[str, dict[str, Any]] = {
    "Quantity": {"type": ["string", "number"]},
    "IntOrString": {"type": ["integer", "string"]},
    "Time": {"type": "string"},
}
INT32: dict[str, Any] = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
INT64: dict[str, Any] = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}


def short_name(reference: str) -> str:
    """Give the type name at the end of a definition's full name or reference."""
    return reference.rpartition(".")[2]


def compact_property(schema: dict[str, Any], reached: list[str]) -> dict[str, Any]:
    """Reduce the schema of one field to its type, collecting the definitions it refers to."""
    if "$ref" in schema:
        full_name = schema["$ref"].rpartition("/")[2]
        if short_name(full_name) in SCALARS:
            return SCALARS[short_name(full_name)]
        reached.append(full_name)
        return {"$ref": f"#/$defs/{short_name(full_name)}"}
    declared = schema.get("type", "object")
    # Nulls are stripped before validation, so "or null" is left out of every type.
    kind = next(t for t in declared if t != "null") if isinstance(declared, list) else declared
    compact: dict[str, Any] = {"type": kind}
    if kind == "array":
        compact["items"] = compact_property(schema["items"], reached)
    elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        values = compact_property(schema["additionalProperties"], reached)
        compact["additionalProperties"] = values
    elif kind == "integer":
        return INT32 if schema.get("format") == "int32" else INT64
    return compact


def compact_type(name: str, schema: dict[str, Any], reached: list[str]) -> dict[str, Any]:
    """Reduce one definition to fields, required fields and enumerations."""
    if "properties" not in schema:
        return {"type": "object"}
    properties = {}
    for field, declared in sorted(schema["properties"].items()):
        compact = compact_property(declared, reached)
        values = ENUMS.get((name, field))
        if values and compact["type"] == "array":
            compact = {**compact, "items": {"type": "string", "enum": values}}
        elif values:
            compact = {**compact, "enum": values}
        properties[field] = compact
    result: dict[str, Any] = {"type": "object", "properties": properties}
    result["additionalProperties"] = False
    if schema.get("required"):
        result["required"] = sorted(schema["required"])
    return result


def compact_schema(definitions: dict[str, Any], version: str) -> dict[str, Any]:
    """Collect every definition that the kinds reach, under its short name."""
    types: dict[str, Any] = {}
    todo = list(KINDS.values())
    while todo:
        full_name = todo.pop()
        if short_name(full_name) not in types:
            name = short_name(full_name)
            types[name] = compact_type(name, definitions[full_name], todo)
    for kind in KINDS:
        types[kind]["required"] = sorted({*types[kind].get("required", []), "metadata"})
    missing = {key for key in ENUMS if key[1] not in types[key[0]]["properties"]}
    if missing:
        raise SystemExit(f"enumerations of unknown fields: {sorted(missing)}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Kubernetes {version}, the kinds that minisets reads",
        "$defs": dict(sorted(types.items())),
    }


def descriptions(definitions: dict[str, Any], version: str) -> dict[str, Any]:
    """Collect what the API says of each type (under an empty name) and each of its fields."""
    types: dict[str, Any] = {}
    todo = list(KINDS.values())
    while todo:
        full_name = todo.pop()
        if short_name(full_name) in types:
            continue
        definition = definitions[full_name]
        texts = {"": definition.get("description", "")}
        for field, declared in sorted(definition.get("properties", {}).items()):
            texts[field] = declared.get("description", "")
            compact_property(declared, todo)
        types[short_name(full_name)] = texts
    return {
        "title": f"Kubernetes {version}, the API's own descriptions",
        "license": "Apache-2.0, The Kubernetes Authors",
        "types": dict(sorted(types.items())),
    }


def render(schema: dict[str, Any], key: str = "$defs") -> str:
    """Write one type per line, so that a new Kubernetes version gives a readable difference."""
    head = {name: value for name, value in schema.items() if name != key}
    lines = [
        f"{json.dumps(name)}:{json.dumps(definition, separators=(',', ':'))}"
        for name, definition in schema[key].items()
    ]
    return f'{json.dumps(head)[:-1]}, "{key}": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Read the official definitions and write the compact schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", nargs="?", default="1.37.0")
    version = parser.parse_args().version
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise SystemExit("kubernetes-validate is not installed: pip install kubernetes-validate")
    folder = Path(spec.origin).parent / "kubernetes-json-schema" / f"v{version}-local"
    definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
    target = Path(__file__).parent.parent / "minisets" / "core" / "input" / "schema.json"
    target.write_text(render(compact_schema(definitions, version)))
    texts = target.with_name("descriptions.json")
    texts.write_text(render(descriptions(definitions, version), "types"))
    sys.stdout.write(f"{texts}: {texts.stat().st_size} bytes\n")
    sys.stdout.write(f"{target}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
