"""What of kubectl's verbs there is here: the same, with a difference, or not, and why."""

from collections.abc import Collection, Mapping

from minisets.core.query.kubectl import ABSENT_VERBS, VERBS

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
    "set": "`image`, `env` and `resources`; the rest with `edit` or `apply`",
    "top": "`pods` alone, measured by the Engine on the spot",
    "version": "tells about the Engine in the place of the server",
    "wait": "drives a set on while it waits",
}
"""Verb that is here → what is different on purpose."""

NOT_YET = "not yet"
"""Why a verb is not here that has no other reason."""


def rows(ours: Collection[str]) -> list[tuple[str, str, str]]:
    """Return kubectl's verbs by what becomes of them: state, verbs, remark.

    Args:
        ours: The verbs of minisets.

    Raises:
        ValueError: A table above contradicts what there is.
    """
    here = [verb for verb in VERBS if verb in ours]
    if wrong := sorted((set(DIFFERENT) - set(here)) | (set(ABSENT_VERBS) & set(ours))):
        message = f"scripts/verbs.py is wrong about: {', '.join(wrong)}"
        raise ValueError(message)
    same = [verb for verb in here if verb not in DIFFERENT]
    absent: dict[str, list[str]] = {}
    for verb in VERBS:
        if verb not in here:
            absent.setdefault(_cell(ABSENT_VERBS.get(verb, NOT_YET)), []).append(verb)
    own = sorted(set(ours) - set(VERBS))
    return [
        ("the same", _codes(same), ""),
        *(("with a difference", _codes([verb]), DIFFERENT[verb]) for verb in DIFFERENT),
        *(("not here", _codes(verbs), reason) for reason, verbs in absent.items()),
        ("only here", _codes(own), ""),
    ]


def _codes(verbs: Collection[str]) -> str:
    return ", ".join(f"`{verb}`" for verb in verbs)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
