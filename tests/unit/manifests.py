"""Small manifests that the tests of the input layer start from."""

from __future__ import annotations

import copy
from typing import Any

SET: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "web"},
    "spec": {
        "serviceName": "nginx",
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {
            "metadata": {"labels": {"app": "nginx"}},
            "spec": {
                "containers": [
                    {
                        "name": "nginx",
                        "image": "nginx:1.27",
                        "ports": [{"containerPort": 80, "name": "web"}],
                        "volumeMounts": [{"name": "www", "mountPath": "/data"}],
                    }
                ]
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "www"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        ],
    },
}

SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "nginx"},
    "spec": {
        "clusterIP": "None",
        "selector": {"app": "nginx"},
        "ports": [{"port": 80, "name": "web"}],
    },
}


def a_set(**changes: Any) -> dict[str, Any]:
    """Copy the set, with changes by path: ``spec__replicas=3``, ``template__hostNetwork=True``.

    A path starts at the object, at ``template`` (the pod's spec) or at ``container``.
    """
    obj = copy.deepcopy(SET)
    pod = obj["spec"]["template"]["spec"]
    roots = {"template": pod, "container": pod["containers"][0]}
    for path, value in changes.items():
        first, *rest = path.split("__")
        target = roots.get(first, obj)
        parts = rest if first in roots else [first, *rest]
        for part in parts[:-1]:
            target = target.setdefault(part, {})
        target[parts[-1]] = value
    return obj


def a_service(**spec: Any) -> dict[str, Any]:
    """Copy the Service, with other fields in its spec."""
    obj = copy.deepcopy(SERVICE)
    obj["spec"].update(spec)
    return obj
