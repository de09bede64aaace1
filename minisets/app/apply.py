"""The use case apply: merge the files with what lives, write it down, and drive the sets to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from minisets.app.changes import facts_after, prepare
from minisets.app.concerned import concerned
from minisets.app.context import Context
from minisets.app.loop.change import Change, Verb
from minisets.app.loop.configuration import SECRET_KIND
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.image_users import check_present_users, check_pulled_users
from minisets.app.loop.images import Images, Pull, policies
from minisets.app.loop.publishing import places
from minisets.app.loop.pull_secrets import pull_secrets
from minisets.app.loop.sets import SET_KIND, observe_whole
from minisets.app.loop.world import World, as_set
from minisets.app.notices import notices
from minisets.app.reading.facts import object_facts, stored_secret
from minisets.core.input.load import LoadedObject
from minisets.core.input.notice_groups import group_notices
from minisets.core.network.publishing import PublishFlags
from minisets.core.observed import ContainerSeen, ImageSeen
from minisets.core.pod.seen import container_of
from minisets.core.records.set_record import AppliedFrom, SetRecord, to_data
from minisets.engine.records import Files

# Changing it rolls the pods, as `rollout restart` does.
_IMAGES_ANNOTATION = "minisets.io/images"


@dataclass(frozen=True, kw_only=True)
class ApplyOptions:
    """How to apply.

    Attributes:
        timeout_seconds: Of the whole wait.
        wait: Wait until everything is ready; else do what can be done now.
        pull: Overrides the pull policies of the manifests.
        publish: What the command line says about published ports.
        refresh_images: Roll pods that run an older image of the same tag.
        applied_from: The file or folder, for the record; empty for standard input.
        is_edit: The objects are live ones that were edited: what they leave out is taken away, and
            what was applied last stays remembered.
    """

    timeout_seconds: float = DEFAULT_TIMEOUT
    wait: bool = True
    pull: Pull | None = None
    platform: str | None = None
    publish: PublishFlags | None = None
    refresh_images: bool = False
    applied_from: str = ""
    is_edit: bool = False


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What an apply has come to.

    Attributes:
        is_done: False if it did not wait and something is still to come.
        places: Where the pods of the input are to be found from outside, a line each.
    """

    is_done: bool
    places: tuple[str, ...] = ()


def apply(
    context: Context,
    objects: Sequence[LoadedObject],
    options: ApplyOptions,
    tell: Callable[[str, str, Verb], None],
) -> Applied:
    """Apply objects whose namespaces are filled in.

    Args:
        context: Of the command.
        objects: From place().
        options: How.
        tell: Called with kind, name and verb of each object as it is written.

    Raises:
        InputError: Before anything is touched.
        ManifestError: Before anything is touched.
        ImageError: Before anything is touched.
        NotConverged: Time is over, or a pod cannot get ready; before anything is touched, where
            an image that was just pulled runs as root and must not.
    """
    namespaces = {item.namespace for item in objects if item.namespace}
    scope = namespaces.pop() if _is_one_namespace(objects) else None
    world = observe_whole(context, scope)
    changes = prepare(context, world, objects, options.publish, is_whole=options.is_edit)
    manifests = [as_set(change.merged) for change in changes if change.loaded.kind == SET_KIND]
    pods = [manifest.spec.template.spec for manifest in manifests]
    check_present_users(context.engine, changes, policies(pods, options.pull))
    images = Images(context, pull=options.pull, platform=options.platform)
    found = images.provide(pods, pull_secrets(context, world, changes))
    check_pulled_users(changes, found)
    changes = [_with_images(context, world, change, found, options) for change in changes]
    for line in group_notices(notices(world, changes, options.applied_from, context.engine)):
        context.reporter.notice(line)
    has_written = False
    for change in changes:
        has_written |= _write(context, world, change, options)
        tell(change.loaded.kind, change.loaded.name, change.verb)
    if has_written:
        world = observe_whole(context, scope)
    return _drive(context, world, changes, options, images)


def _is_one_namespace(objects: Sequence[LoadedObject]) -> bool:
    return len({item.namespace for item in objects}) == 1 and bool(objects[0].namespace)


def _drive(
    context: Context,
    world: World,
    changes: Sequence[Change],
    options: ApplyOptions,
    images: Images,
) -> Applied:
    """Drive the sets of the input, and those whose Services or files have changed."""
    found = concerned(world, changes)
    drive = Drive(
        context,
        [*found.named, *found.touched],
        images=images,
        bystanders=frozenset(target.key for target in found.touched),
    )
    done = drive.run(timeout_seconds=options.timeout_seconds, wait=options.wait, seen=world)
    if not done:
        for reason in drive.waiting_for:
            context.reporter.notice(f"still to come: {reason}; go on: minisets start")
    shown = [
        place
        for target in found.named
        for place in places(context, target, world.services(target.namespace))
    ]
    return Applied(is_done=done, places=tuple(shown))


def _with_images(
    context: Context,
    world: World,
    change: Change,
    images: dict[str, ImageSeen],
    options: ApplyOptions,
) -> Change:
    """Notice tags that have moved since the pods were made; roll those pods if asked for."""
    if change.loaded.kind != SET_KIND or change.live is None:
        return change
    manifest = as_set(change.merged)
    pod = manifest.spec.template.spec
    own = {one.name: one.image for one in (*pod.init_containers, *pod.containers)}
    pods = world.pods(change.namespace, change.loaded.name)
    moved = {
        own[container_of(container)]: images[own[container_of(container)]].id
        for seen in pods
        for container in seen.containers
        if _runs_older_image(container, own, images)
    }
    if not moved:
        return change
    if not options.refresh_images:
        count = sum(any(_runs_older_image(one, own, images) for one in p.containers) for p in pods)
        context.reporter.notice(
            f"statefulset/{change.loaded.name}: {count} of its pods run an older image of "
            f"{', '.join(sorted(moved))}: roll them with --refresh-images"
        )
        return change
    digest = hashlib.sha256("".join(sorted(moved.values())).encode()).hexdigest()[:16]
    merged = json.loads(json.dumps(change.merged))
    metadata = merged["spec"]["template"].setdefault("metadata", {})
    metadata.setdefault("annotations", {})[_IMAGES_ANNOTATION] = digest
    return replace(change, merged=merged)


def _runs_older_image(
    container: ContainerSeen, own: Mapping[str, str], images: Mapping[str, ImageSeen]
) -> bool:
    """Say whether the tag that a container was made from has moved since."""
    name = own.get(container_of(container))
    if name is None or container.image_id in {"", images[name].id}:
        return False
    # Once a tag has moved, the list names the old image by its id.
    return container.image == name or container.image.startswith("sha256:")


def _write(context: Context, world: World, change: Change, options: ApplyOptions) -> bool:
    """Write an object down; False if its record says all of it already."""
    item = change.loaded
    data, files = _stored(context, world, change, options)
    if change.live is None:
        context.store.create(item.kind, change.namespace, item.name, data, files)
        if change.orphaned is not None:
            # The new set adopts the pods that one of its name left behind.
            context.store.remove(change.orphaned)
        return True
    if data == change.live.data:
        return False
    context.store.replace(change.live, data, files)
    return True


def _stored(
    context: Context, world: World, change: Change, options: ApplyOptions
) -> tuple[dict[str, Any], Files | None]:
    """Return the data of an object's record, and the files beside it."""
    if change.loaded.kind == SET_KIND:
        return to_data(_set_facts(context, change, options)), None
    facts = object_facts(context, change.live, change.merged, change.applied)
    if change.loaded.kind == SECRET_KIND:
        return stored_secret(context, world, change.live, facts)
    return to_data(facts), None


def _set_facts(context: Context, change: Change, options: ApplyOptions) -> SetRecord:
    now = context.clock.now()
    if change.live is None:
        return SetRecord(
            object=change.merged,
            last_applied=change.applied,
            uid=context.clock.nonce(),
            created=now,
            applied_from=AppliedFrom(path=options.applied_from, time=now),
        )
    facts = facts_after(change, is_edit=options.is_edit)
    return msgspec.structs.replace(
        facts, applied_from=_applied_from(facts.applied_from, options, now)
    )


def _applied_from(before: AppliedFrom, options: ApplyOptions, now: float) -> AppliedFrom:
    """Return where a set was applied from; an unchanged place keeps its time and so the record."""
    if options.is_edit or before.path == options.applied_from:
        return before
    return AppliedFrom(path=options.applied_from, time=now)
