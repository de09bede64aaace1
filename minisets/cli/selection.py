"""Which objects a command is about: by name, by labels and fields, all of a type, or of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
import msgspec

from minisets.cli.command import Settings
from minisets.cli.manifests import file_options, load_objects
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource
from minisets.errors import InputError, NotFound

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.app.reading.look import Look
    from minisets.app.reading.views import View
    from minisets.cli.progress import Screen

_FIELDS = ("metadata.name", "metadata.namespace")
# As the API server allows them.
_MORE_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "reason",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
}


class Thing(msgspec.Struct, frozen=True):
    """One object; the namespace is empty for what is in none."""

    resource: Resource
    namespace: str
    name: str

    @property
    def title(self) -> str:
        """As kubectl prints it: ``statefulset.apps/web``."""
        return f"{self.resource.printed}/{self.name}"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Objects that are read from the Engine, and in which order.

    Attributes:
        wanted: Resources and names.
        keeps: Says of an object whether the selectors keep it.
        sort_by: Path to the field that they are sorted by.
        has_fields: Any field of the objects may be asked for.
    """

    wanted: kinds.Wanted
    keeps: Callable[[View], bool]
    sort_by: str | None = None
    has_fields: bool = False

    @property
    def has_names(self) -> bool:
        """Objects are asked for by their names."""
        return any(self.wanted.values())

    def check(self, *, has_selector: bool, is_everywhere: bool) -> None:
        """Refuse names where they make no sense.

        Args:
            has_selector: Objects are chosen by labels or fields.
            is_everywhere: Objects of all namespaces are meant.

        Raises:
            InputError: They do not.
        """
        if is_everywhere and self.has_names:
            raise InputError(
                "a resource cannot be retrieved by name across all namespaces",
                hint="leave out -A or the name",
            )
        if has_selector and self.has_names:
            raise InputError("name cannot be provided when a selector is specified")

    def read(self, look: Look, resource: Resource) -> tuple[list[View], list[NotFound]]:
        """Return the objects of a resource, and an error for each that is not there.

        Raises:
            InputError: They cannot be sorted by the field.
        """
        from minisets.app.query import read_kind
        from minisets.core.query.absence import not_found

        found = [view for view in read_kind(look, resource.kind) if self.keeps(view)]
        missing: list[NotFound] = []
        if names := self.wanted[resource]:
            known = {view.name: view for view in found}
            missing = [
                not_found(resource.full, name, known, namespace=look.namespace)
                for name in names
                if name not in known
            ]
            found = [known[name] for name in names if name in known]
        if self.sort_by and found:
            from minisets.core.query.columns import sort_by

            by_identity = {id(view.object): view for view in found}
            objects = sort_by(self.sort_by, [view.object for view in found])
            found = [by_identity[id(one)] for one in objects]
        return found, missing


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Objects that a command does something with.

    Attributes:
        named: By the words or the files of the command.
        choice: Else, what is looked up.
        namespace: To look into; None: all of them.
    """

    named: tuple[Thing, ...]
    choice: Choice | None
    namespace: str | None

    @property
    def is_many(self) -> bool:
        """They were chosen, not named: none of them is fine, too."""
        return self.choice is not None

    def things(self, context: Context) -> list[Thing]:
        """Return the objects; named ones need not be there."""
        if self.choice is None:
            return list(self.named)
        from minisets.app.reading.look import Look

        found = []
        for resource in self.choice.wanted:
            place = None if resource in kinds.CLUSTER_SCOPED else self.namespace
            look = Look(context, place, is_whole=self.choice.has_fields)
            views, _ = self.choice.read(look, resource)
            found += [Thing(resource, view.namespace, view.name) for view in views]
        return found


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What stood on the command line of the objects."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    recursive: bool
    is_all: bool
    labels: str | None
    fields: str | None
    is_everywhere: bool

    def select(
        self,
        settings: Settings,
        screen: Screen,
        allowed: Sequence[Resource],
        *,
        words: Sequence[str] | None = None,
    ) -> Selection:
        """Return the objects that are meant; no Engine is asked.

        Args:
            settings: Of the command.
            screen: Takes what is to be said of the files.
            allowed: Resources that the command knows; of files, others are left out.
            words: The words about objects, if the command has others, too.

        Raises:
            InputError: The words or options are wrong.
            ManifestError: Something in the files is wrong.
        """
        words = self.words if words is None else words
        self._check(words)
        if self.files:
            objects = load_objects(
                settings, screen, self.files, recursive=self.recursive, tell_notices=False
            )
            things = (
                Thing(kinds.of_kind(item.kind), item.namespace or "", item.name)
                for item in objects
            )
            named = tuple(thing for thing in things if thing.resource in allowed)
            return Selection(named=named, choice=None, namespace=settings.namespace)
        wanted = kinds.parse_words(words, allowed, is_all_known=True)
        choice = Choice(
            wanted=wanted,
            keeps=parse_selectors(wanted, self.labels, self.fields),
            has_fields=bool(self.fields),
        )
        choice.check(has_selector=self.is_chosen, is_everywhere=self.is_everywhere)
        if not self.is_chosen and not all(wanted.values()):
            raise InputError(
                "resource(s) were provided, but no name was specified",
                hint=f"{_first_idle(wanted)} NAME, --all, or -l LABELS",
            )
        namespace = None if self.is_everywhere else settings.namespace
        if self.is_chosen:
            return Selection(named=(), choice=choice, namespace=namespace)
        named = tuple(
            Thing(resource, "" if resource in kinds.CLUSTER_SCOPED else settings.namespace, name)
            for resource, names in wanted.items()
            for name in names
        )
        return Selection(named=named, choice=None, namespace=namespace)

    @property
    def is_chosen(self) -> bool:
        """The objects are not named: all of a type, or by labels and fields."""
        return self.is_all or bool(self.labels or self.fields)

    def _check(self, words: Sequence[str]) -> None:
        if words and self.files:
            raise InputError(
                "when paths, URLs, or stdin is provided as input, you may not specify resource "
                "arguments as well",
                hint="give either TYPE NAME... or -f FILE",
            )
        if not words and not self.files:
            raise click.UsageError(
                "You must provide one or more resources by argument or filename: TYPE NAME..., "
                "TYPE/NAME..., TYPE -l LABELS, or -f FILE"
            )
        if self.files and (self.is_chosen or self.is_everywhere):
            raise InputError("-f names its objects: leave out --all, -A, -l and --field-selector")
        if self.is_all and self.labels:
            raise InputError("cannot set --all and --selector at the same time")
        if self.is_all and self.fields:
            raise InputError("cannot set --all and --field-selector at the same time")


def selection_options(metavar: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the words and options that choose objects; the command takes them as ``given``.

    Args:
        metavar: Of the words.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - as click passes them
            given = Given(**{name: more.pop(name) for name in Given.__struct_fields__})
            return function(*args, given=given, **more)

        for option in (
            click.option(
                "-A", "--all-namespaces", "is_everywhere", is_flag=True, help="Of all namespaces."
            ),
            click.option(
                "--field-selector", "fields", metavar="FIELDS", help="Objects with these fields."
            ),
            click.option(
                "-l", "--selector", "labels", metavar="LABELS", help="Objects with these labels."
            ),
            click.option("--all", "is_all", is_flag=True, help="All objects of the type."),
            file_options(is_required=False),
            click.argument("words", nargs=-1, metavar=metavar),
        ):
            command = option(command)
        return command

    return decorate


def parse_selectors(
    wanted: kinds.Wanted, labels: str | None, fields: str | None
) -> Callable[[View], bool]:
    """Return what says of an object whether the selectors keep it.

    Args:
        wanted: Resources that are asked for.
        labels: A label selector, if there is one.
        fields: A field selector, if there is one.

    Raises:
        InputError: A selector is wrong, or names a field that no object is selected by.
    """
    if not labels and not fields:
        return lambda _: True
    from minisets.core.query.selectors import matches, parse_fields, parse_labels

    by_labels = parse_labels(labels or "")
    supported = {
        field for resource in wanted for field in (*_FIELDS, *_MORE_FIELDS.get(resource.kind, ()))
    }
    by_fields = parse_fields(fields or "", supported=supported)

    def keeps(view: View) -> bool:
        found = view.object["metadata"].get("labels") or {}
        return matches(by_labels, found) and matches(by_fields, view.object)

    return keeps


def _first_idle(wanted: kinds.Wanted) -> str:
    """Return the type of which no object is named, as hands type it."""
    resource = next(resource for resource, names in wanted.items() if not names)
    return min(resource.words, key=len)
