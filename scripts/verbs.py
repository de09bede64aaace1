"""What of kubectl's verbs there is here: the same, with a difference, or not, and why."""

from collections.abc import Collection, Mapping

KUBECTL = (
    "alpha", "annotate", "api-resources", "api-versions", "apply", "attach", "auth", "autoscale",
    "certificate", "cluster-info", "completion", "config", "cordon", "cp", "create", "debug",
    "delete", "describe", "diff", "drain", "edit", "events", "exec", "explain", "expose", "get",
    "kustomize", "label", "logs", "options", "patch", "plugin", "port-forward", "proxy", "replace",
    "rollout", "run", "scale", "set", "taint", "top", "uncordon", "version", "wait",
)  # fmt: skip
"""kubectl's verbs, as `kubectl --help` of 1.34 lists them, and `options`."""

DIFFERENT: Mapping[str, str] = {
    "apply": "waits until the sets are ready, unless `--wait=false`; no `--server-side`: "
    "there is no server",
    "create": "`configmap`, `secret` and `namespace`; all else from a file, with `apply`",
    "cp": "needs no `tar` in the image, and works while the pod does not run",
    "delete": "takes pods down in order, and keeps volumes unless `--volumes` is said",
    "diff": "needs no program diff",
    "explain": "also says what becomes of a field here",
    "logs": "of a set takes all its pods, and follows them over restarts and replacements",
    "port-forward": "takes several pods; the pod with ordinal i gets the local port plus i",
    "rollout": "`status` does the work instead of watching it; `pause` and `resume` are for "
    "Deployments",
    "scale": "waits until it is done; only sets can be scaled",
    "set": "`image` alone; the rest with `edit` or `apply`",
    "top": "`pods` alone, measured by the Engine on the spot",
    "version": "tells about the Engine in the place of the server",
    "wait": "drives a set on while it waits",
}
"""Verb that is here → what is different on purpose."""

ABSENT: Mapping[str, str] = {
    **dict.fromkeys(("cordon", "drain", "taint", "uncordon"), "one machine, always in use"),
    **dict.fromkeys(
        ("auth", "certificate"), "no users: who may speak to the Engine may do everything"
    ),
    **dict.fromkeys(
        ("api-versions", "cluster-info", "proxy"), "no API server; `doctor` tells about the Engine"
    ),
    "alpha": "nothing is hidden",
    "autoscale": "no process here watches the load",
    "config": "`docker context` says where the Engine is, `--context` chooses",
    "debug": "`exec` enters a pod, `docker run --network container:POD` stands beside it",
    "expose": "Services are in the manifest; `apply --publish` and `port-forward` lead to ports",
    "kustomize": "`kubectl kustomize . \\| minisets apply -f -`",
    "patch": "`edit`, `apply`, `scale`, `set image`, `label` and `annotate` change an object",
    "plugin": "no plugins; minisets is one of docker and of kubectl",
    "replace": "`apply`",
    "run": "`docker run`; a pod here belongs to a set",
}
"""Verb that is not here → why, or what there is in its place."""

NOT_YET = "not yet"
"""Why a verb is not here that has no other reason."""


def rows(ours: Collection[str]) -> list[tuple[str, str, str]]:
    """Return kubectl's verbs by what becomes of them: state, verbs, remark.

    Args:
        ours: The verbs of minisets.

    Raises:
        ValueError: A table above contradicts what there is.
    """
    here = [verb for verb in KUBECTL if verb in ours]
    if wrong := sorted((set(DIFFERENT) - set(here)) | (set(ABSENT) & set(ours))):
        message = f"scripts/verbs.py is wrong about: {', '.join(wrong)}"
        raise ValueError(message)
    same = [verb for verb in here if verb not in DIFFERENT]
    absent: dict[str, list[str]] = {}
    for verb in KUBECTL:
        if verb not in here:
            absent.setdefault(ABSENT.get(verb, NOT_YET), []).append(verb)
    own = sorted(set(ours) - set(KUBECTL))
    return [
        ("the same", _codes(same), ""),
        *(("with a difference", _codes([verb]), DIFFERENT[verb]) for verb in DIFFERENT),
        *(("not here", _codes(verbs), reason) for reason, verbs in absent.items()),
        ("only here", _codes(own), ""),
    ]


def _codes(verbs: Collection[str]) -> str:
    return ", ".join(f"`{verb}`" for verb in verbs)
