"""The use cases rollout and set image: status, history, undo, restart, another image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from minisets.app.context import Context
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.images import Images
from minisets.app.loop.pull_secrets import PullSecrets
from minisets.app.loop.sets import SET_KIND, find_set, observe_whole
from minisets.app.loop.targets import Target, flush
from minisets.app.loop.world import as_set
from minisets.app.reading.look import Look
from minisets.app.reading.outlook import plan_of
from minisets.core.controller.controller_state import Status
from minisets.core.controller.rollout import (
    choose_revision,
    restarted,
    view_rollout,
    with_images,
    with_template,
)
from minisets.core.controller.snapshot import set_spec
from minisets.core.input.validate import validate
from minisets.core.query.absence import not_found
from minisets.core.records.set_record import RevisionEntry
from minisets.core.timestamps import timestamp
from minisets.errors import ManifestError

Object = dict[str, Any]


def follow(
    context: Context,
    namespace: str,
    name: str,
    tell: Callable[[str], None],
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Drive a rollout to its end, and tell each new line of how far it is.

    Args:
        context: Of the command.
        namespace: Of the set.
        name: Of the set.
        tell: Takes one line, when it differs from the one before.
        timeout_seconds: Of the wait.

    Raises:
        NotFound: There is no such set.
        InputError: Its update strategy is OnDelete.
        NotConverged: Time is over, or a pod cannot get ready.
    """
    target = find_set(context, namespace, name)
    said = ""

    def report(driven: Target, status: Status) -> None:
        nonlocal said
        spec = set_spec(driven.facts, driven.manifest)
        text = view_rollout(spec, status, driven.facts.generation).text
        if text != said:
            said = text
            tell(text)

    drive = Drive(context, [target], on_status=report)
    drive.run(timeout_seconds=timeout_seconds)


def view_status(context: Context, namespace: str, name: str) -> str:
    """Return how far a rollout is, as one line; nothing is driven or written.

    Raises:
        NotFound: There is no such set.
        InputError: Its update strategy is OnDelete.
    """
    look = Look(context, namespace, is_whole=True)
    sets = {target.name: target for target in look.sets}
    if name not in sets:
        look.world.check_readable(SET_KIND, namespace, name)
        raise not_found("statefulsets.apps", name, sets, namespace=namespace)
    target = sets[name]
    spec = set_spec(target.facts, target.manifest)
    return view_rollout(spec, plan_of(look, target).status, target.facts.generation).text


def history(context: Context, namespace: str, name: str) -> tuple[RevisionEntry, ...]:
    """Return the remembered revisions of a set, oldest first.

    Raises:
        NotFound: There is no such set.
    """
    world = observe_whole(context, namespace, is_dry=True)
    entries = find_set(context, namespace, name, world).facts.revisions
    return tuple(sorted(entries, key=lambda entry: entry.number))


def undo(context: Context, namespace: str, name: str, *, to_revision: int = 0) -> tuple[int, bool]:
    """Put back the template of an earlier revision.

    Args:
        context: Of the command.
        namespace: Of the set.
        name: Of the set.
        to_revision: Its number; 0 for the one before the newest.

    Returns:
        The number that the revision had, and whether it is not the present one already.

    Raises:
        NotFound: There is no such set or revision.
    """
    target = find_set(context, namespace, name)
    entry = choose_revision(target.facts.revisions, to_revision)
    changed = with_template(target.facts.object, entry)
    if changed is not None:
        _write(context, target, changed)
    return entry.number, changed is not None


def restart(context: Context, namespace: str, name: str) -> None:
    """Make all pods of a set anew, one after the other.

    Raises:
        NotFound: There is no such set.
        InputError: It was restarted within the same second.
    """
    target = find_set(context, namespace, name)
    _write(context, target, restarted(target.facts.object, timestamp(context.clock.now())))


def set_images(
    context: Context,
    namespace: str,
    name: str,
    images: Mapping[str, str],
    provider: Images | None = None,
) -> bool:
    """Give containers of a set other images (``*`` is every container); see change_template."""
    return change_template(context, namespace, name, partial(with_images, images=images), provider)


def change_template(
    context: Context,
    namespace: str,
    name: str,
    change: Callable[[Object], Object],
    provider: Images | None = None,
) -> bool:
    """Change the template of a set; False if it is so already.

    Args:
        context: Of the command.
        namespace: Of the set.
        name: Of the set.
        change: The live object in, the changed one out.
        provider: Of images; its own, if none is given.

    Raises:
        NotFound: There is no such set or container.
        ManifestError: What comes of it is none that Kubernetes takes; nothing was changed.
        ImageError: An image cannot be had; nothing was changed.
    """
    world = observe_whole(context, namespace)
    target = find_set(context, namespace, name, world)
    changed = change(target.facts.object)
    if changed == target.facts.object:
        return False
    if problems := validate(changed):
        raise ManifestError(problems)
    pod = as_set(changed).spec.template.spec
    secrets = PullSecrets(context, world, [(namespace, pod)])
    (provider or Images(context)).provide([pod], secrets)
    _write(context, target, changed)
    return True


def finish(
    context: Context,
    namespace: str,
    name: str,
    *,
    wait: bool,
    timeout_seconds: float,
    provider: Images | None = None,
) -> bool:
    """Drive a set that was changed; False if ``wait`` is off and something is still to come."""
    drive = Drive(context, [find_set(context, namespace, name)], images=provider)
    return drive.run(timeout_seconds=timeout_seconds, wait=wait)


def _write(context: Context, target: Target, changed: Object) -> None:
    target.change(object=changed, generation=target.facts.generation + 1)
    flush(context, target)
