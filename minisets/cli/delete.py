"""The command delete."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import click

from minisets.cli.command import (
    DURATION,
    FOREVER_SECONDS,
    BareOption,
    Command,
    Settings,
    pass_settings,
)
from minisets.cli.outcome import DRY_WORDS, DryRun, dry_run_option, name_option
from minisets.cli.selection import Choice, Given, Thing, selection_options
from minisets.cli.session import open_context, open_screen
from minisets.core import naming
from minisets.core.query import kinds
from minisets.errors import InputError, MinisetsError, NotFound, joined

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.progress import Screen
    from minisets.core.query.kinds import Resource

Cascade = Literal["foreground", "background", "orphan"]

# The forms that kubectl has had before, and still takes.
_OLD_CASCADES: dict[str, Cascade] = {"true": "background", "false": "orphan"}
# kubectl's meaning of --now, and of --grace-period=0 without --force.
_SHORTEST_GRACE_SECONDS = 1

_EXAMPLES = (
    "minisets delete sts web",
    "minisets delete -f web.yaml",
    "minisets delete pod web-1",
    "minisets delete pvc www-web-0 www-web-1",
    "minisets delete sts/web --volumes --now",
    "minisets delete pods -l app=web --wait=false",
    "minisets delete all -l app=web --dry-run",
    "minisets delete pod web-0 --force --grace-period=0",
    "minisets delete namespace team-1",
)


# What goes first: a set takes its pods along, and claims are free only then.
_RANKS = {kinds.SET: 0, kinds.POD: 1, kinds.CLAIM: 3, kinds.VOLUME: 4, kinds.NAMESPACE: 5}


@dataclass(frozen=True, kw_only=True)
class _Options:
    cascade: Cascade
    volumes: bool
    wait: bool
    timeout_seconds: float
    grace_seconds: int | None
    dry_word: str
    is_named: bool
    is_lenient: bool

    def line(self, thing: Thing) -> str:
        """Return what is printed of an object that is gone."""
        if self.is_named:
            return thing.title
        word = "force deleted" if self.grace_seconds == 0 else "deleted"
        place = f" from {thing.namespace} namespace" if thing.namespace else ""
        return f'{thing.resource.printed} "{thing.name}" {word}{place}{self.dry_word}'


@click.command("delete", cls=Command, examples=_EXAMPLES)
@selection_options("[TYPE NAME... | TYPE/NAME... | TYPE]")
@click.option("--volumes", is_flag=True, help="Delete the sets' claims and their data, too.")
@click.option("--now", is_flag=True, help="Give pods one second to end.")
@click.option(
    "--grace-period",
    type=click.IntRange(min=-1),
    default=-1,
    metavar="N",
    help="Seconds that pods have to end; 0 without --force is 1. [default: their own]",
)
@click.option("--force", is_flag=True, help="Kill pods at once.")
@click.option(
    "--cascade",
    cls=BareOption,
    bare="background",
    default="foreground",
    show_default=True,
    type=click.Choice(["foreground", "background", "orphan", *_OLD_CASCADES]),
    help="Pods of a set go one after the other (foreground), all at once, or stay.",
)
@dry_run_option("Print what would go, and delete nothing.")
@name_option("Print TYPE/NAME of what is gone.")
@click.option("-i", "--interactive", is_flag=True, help="Ask before anything is deleted.")
@click.option(
    "--ignore-not-found",
    is_flag=True,
    help="Be content with what is gone already; so are --all, -l and --field-selector.",
)
@click.option("--wait/--no-wait", default=True, help="Wait until a deleted pod is back.")
@click.option(
    "--timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Longest wait, as 90s or 2h; 0 is a week.",
)
@pass_settings
def delete(
    settings: Settings,
    given: Given,
    volumes: bool,
    now: bool,
    grace_period: int,
    force: bool,
    cascade: str,
    dry_run: DryRun,
    is_named: bool,
    interactive: bool,
    ignore_not_found: bool,
    wait: bool,
    timeout: float,
) -> None:
    """Delete sets, pods, claims and other objects.

    A set's pods go from the highest ordinal down, each with its grace period. Volumes stay,
    unless --volumes or the type pvc says otherwise.
    """
    options = _Options(
        is_lenient=ignore_not_found or given.is_chosen,
        cascade=_OLD_CASCADES.get(cascade) or _as_cascade(cascade),
        volumes=volumes,
        wait=wait,
        timeout_seconds=timeout or FOREVER_SECONDS,
        grace_seconds=grace_of(now=now, seconds=grace_period, force=force),
        dry_word=DRY_WORDS[dry_run],
        is_named=is_named,
    )
    with open_screen(settings) as screen:
        selection = given.select(settings, screen, kinds.DELETABLE)
        if given.is_all and selection.choice and kinds.NAMESPACE in selection.choice.wanted:
            raise InputError("namespaces are deleted by name", hint="minisets get ns")
        with open_context(settings, screen) as context:
            doomed = selection.things(context)
            # Of several kinds, or of files in their reverse order, with the sets first.
            if given.files:
                doomed = list(_but_claims(reversed(doomed), screen, options))
            doomed.sort(key=lambda thing: _RANKS.get(thing.resource, 2))
            if selection.is_many and not doomed:
                screen.remark("No resources found")
                return
            if interactive and not options.dry_word and not _is_agreed(doomed):
                screen.remark("deletion is cancelled")
                return
            _Deletion(context, screen, options, settings).run(doomed)


def grace_of(*, now: bool, seconds: int, force: bool) -> int | None:
    """Return the seconds that pods have to end, by kubectl's rules; None for their own.

    Args:
        now: --now was given.
        seconds: Of --grace-period; -1 if it was not given.
        force: --force was given.

    Raises:
        InputError: The options exclude each other.
    """
    if now and seconds != -1:
        raise InputError("--now and --grace-period cannot be specified together")
    if now:
        seconds = _SHORTEST_GRACE_SECONDS
    if force and seconds > 0:
        raise InputError("--force and --grace-period greater than 0 cannot be specified together")
    if force:
        return 0
    # Who means to kill says so: with 0 alone there is a moment to end well.
    return None if seconds == -1 else max(seconds, _SHORTEST_GRACE_SECONDS)


def _as_cascade(word: str) -> Cascade:
    return "orphan" if word == "orphan" else "background" if word == "background" else "foreground"


def _but_claims(things: Iterable[Thing], screen: Screen, options: _Options) -> Iterator[Thing]:
    """Leave out the claims of files, unless volumes are to go."""
    for thing in things:
        if thing.resource is kinds.CLAIM and not options.volumes:
            screen.notice(
                f"claim {thing.name} is kept; remove it with: "
                f"minisets delete pvc {thing.name}{naming.flag(thing.namespace)}"
            )
        else:
            yield thing


def _is_agreed(doomed: Sequence[Thing]) -> bool:
    click.echo(f"You are about to delete the following {len(doomed)} resource(s):")
    for thing in doomed:
        click.echo(thing.title)
    click.echo("Do you want to continue? [y/N]: ", nl=False)
    # The end of the input is no yes, and no interruption either.
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        click.echo()
    return answer.strip().lower() in {"y", "yes"}


@dataclass
class _Deletion:
    """Deletes objects, sets side by side and pods at once; tells what was kept and not found."""

    context: Context
    screen: Screen
    options: _Options
    settings: Settings
    kept: dict[str, list[str]] = field(default_factory=dict)
    errors: list[MinisetsError] = field(default_factory=list)

    def run(self, doomed: Sequence[Thing]) -> None:
        """Delete all of them.

        Raises:
            MinisetsError: After all others are gone: some were not there, or could not be.
        """
        try:
            for resource, things in groupby(doomed, key=lambda thing: thing.resource):
                self._group(resource, list(things))
        finally:
            self._tell_kept()
        left = [
            error
            for error in self.errors
            if not (self.options.is_lenient and isinstance(error, NotFound))
        ]
        if left:
            raise joined(left)

    def _group(self, resource: Resource, things: Sequence[Thing]) -> None:
        if self.options.dry_word:
            self._each(self._look, things)
        elif resource is kinds.SET:
            self._try(lambda: self._sets(things))
        elif resource is kinds.POD:
            for namespace, there in groupby(things, key=lambda thing: thing.namespace):
                names = [thing.name for thing in there]
                self._try(partial(self._pods, namespace, names))
        else:
            self._each(self._delete, things)

    def _each(self, act: Callable[[Thing], int], things: Sequence[Thing]) -> None:
        """Act on each; the act returns how many claims an object holds and so stays for."""

        def one(thing: Thing) -> None:
            count = act(thing)
            if not count:
                self.screen.result(self.options.line(thing))
            elif not self.options.is_named:
                claims = "1 claim" if count == 1 else f"{count} claims"
                self.screen.result(
                    f'{thing.resource.printed} "{thing.name}" stays: it holds {claims}'
                )

        for thing in things:
            self._try(partial(one, thing))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except MinisetsError as error:
            self.errors.append(error)

    def _look(self, thing: Thing) -> int:
        """Look whether an object is there; return 0.

        Raises:
            NotFound: It is not.
        """
        from minisets.app.reading.look import Look

        choice = Choice(wanted={thing.resource: [thing.name]}, keeps=lambda _: True)
        _, missing = choice.read(Look(self.context, thing.namespace or None), thing.resource)
        if missing:
            raise missing[0]
        return 0

    def _sets(self, things: Sequence[Thing]) -> None:
        from minisets.app.delete import delete_sets

        options = self.options

        def tell(key: tuple[str, str], kept: tuple[str, ...]) -> None:
            # The volumes of pods that stay are in use, not kept.
            self._keep(key[0], kept if options.cascade != "orphan" else ())
            self.screen.result(options.line(Thing(kinds.SET, *key)))

        delete_sets(
            self.context,
            [(thing.namespace, thing.name) for thing in things],
            cascade=options.cascade,
            volumes=options.volumes,
            grace_seconds=options.grace_seconds,
            ignore_not_found=options.is_lenient,
            tell=tell,
        )

    def _pods(self, namespace: str, names: Sequence[str]) -> None:
        from minisets.app.delete_pods import delete_pods

        options = self.options

        self.settings.left = [f"po/{name}" for name in dict.fromkeys(names)]

        def tell(name: str) -> None:
            self.screen.result(options.line(Thing(kinds.POD, namespace, name)))
            owner, _ = naming.split_pod_name(name)
            # Typed again, it would delete the pod that has taken its place.
            self.settings.left.remove(f"po/{name}")
            self.settings.begun.append(f"minisets start sts/{owner}{naming.flag(namespace)}")

        delete_pods(
            self.context,
            namespace,
            names,
            wait=options.wait,
            grace_seconds=options.grace_seconds,
            timeout_seconds=options.timeout_seconds,
            ignore_not_found=options.is_lenient,
            tell=tell,
        )

    def _delete(self, thing: Thing) -> int:
        from minisets.app import delete as use_cases

        context, namespace, name = self.context, thing.namespace, thing.name
        match thing.resource:
            case kinds.CLAIM:
                use_cases.delete_claim(context, namespace, name)
            case kinds.NAMESPACE:
                kept = use_cases.delete_namespace(
                    context,
                    name,
                    volumes=self.options.volumes,
                    grace_seconds=self.options.grace_seconds,
                )
                self._keep(name, kept)
                return len(kept)
            case _:
                use_cases.delete_object(context, thing.resource.kind, namespace, name)
        return 0

    def _keep(self, namespace: str, volumes: Sequence[str]) -> None:
        prefix = naming.prefix(namespace)
        claims = [volume.removeprefix(prefix) for volume in volumes]
        self.kept.setdefault(namespace, []).extend(claims)

    def _tell_kept(self) -> None:
        for namespace, claims in self.kept.items():
            if claims and self.options.volumes:
                volumes = " ".join(naming.volume_name(namespace, claim) for claim in claims)
                self.screen.remark(
                    f"kept: volumes {', '.join(claims)}: their reclaim policy is Retain; remove "
                    f"them with: docker volume rm {volumes}"
                )
            elif claims:
                self.screen.remark(
                    f"kept: volumes {', '.join(claims)}; remove them with: "
                    f"minisets delete pvc {' '.join(claims)}{naming.flag(namespace)}, "
                    "or --volumes next time"
                )
