"""The commands rollout status, history, undo and restart, and set image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from minisets.cli.command import DURATION, Command, Family, Settings, pass_settings
from minisets.cli.kinds import SET, parse_words
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.app.loop.images import Images
    from minisets.cli.progress import Screen

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


def _waiting(function: _FunctionT) -> _FunctionT:
    """Add --wait and --timeout to a command that changes a set."""
    for option in (
        click.option(
            "--timeout",
            type=DURATION,
            default="10m",
            show_default=True,
            help="Longest wait, as 90s or 2h.",
        ),
        click.option("--wait/--no-wait", default=True, help="Wait until it is done."),
    ):
        function = option(function)
    return function


_words = click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME...")


def _names(words: tuple[str, ...]) -> list[str]:
    names = parse_words(words, (SET,))[SET]
    if not names:
        raise click.UsageError("name the set, for example sts/web")
    return names


def _finish(
    context: Context,
    settings: Settings,
    screen: Screen,
    name: str,
    provider: Images | None = None,
    *,
    wait: bool,
    timeout: float,
) -> None:
    """Drive the set to what it should be now, or say how to go on."""
    from minisets.app import rollout as use_case

    where = f"sts/{name}"
    is_done = use_case.finish(
        context,
        settings.namespace,
        name,
        wait=wait,
        timeout_seconds=timeout,
        provider=provider,
    )
    if is_done:
        screen.remark(f"next: minisets rollout history {where}")
    else:
        screen.remark(f"still to come; go on: minisets rollout status {where}")


@click.group(
    "rollout",
    cls=Family,
    examples=(
        "minisets rollout status sts/web",
        "minisets rollout history sts/web",
        "minisets rollout undo sts/web",
        "minisets rollout restart sts/web",
    ),
)
def rollout() -> None:
    """Follow, repeat or take back the update of a set."""


@rollout.command(
    "status",
    cls=Command,
    examples=("minisets rollout status sts/web", "minisets rollout status sts/web --watch=false"),
)
@_words
@click.option("-w", "--watch/--no-watch", default=True, help="Go on until it is done.")
@click.option("--timeout", type=DURATION, default="10m", show_default=True, help="Longest wait.")
@pass_settings
def status(settings: Settings, words: tuple[str, ...], watch: bool, timeout: float) -> None:
    """Drive a rollout to its end and print how far it is."""
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import rollout as use_case

        for name in _names(words):
            use_case.follow(
                context,
                settings.namespace,
                name,
                screen.result,
                watch=watch,
                timeout_seconds=timeout,
            )


@rollout.command(
    "history",
    cls=Command,
    examples=(
        "minisets rollout history sts/web",
        "minisets rollout history sts/web --revision=2",
    ),
)
@_words
@click.option("--revision", type=click.IntRange(min=0), default=0, help="Show this one in full.")
@pass_settings
def history(settings: Settings, words: tuple[str, ...], revision: int) -> None:
    """Print the remembered revisions of a set."""
    from minisets.cli.render_rollout import render_history, render_revision

    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import rollout as use_case

        for name in _names(words):
            entries = use_case.history(context, settings.namespace, name)
            title = f"{SET.printed}/{name}"
            if revision:
                screen.result(render_revision(title, entries, revision))
            else:
                screen.result(render_history(title, entries))


@rollout.command(
    "undo",
    cls=Command,
    examples=("minisets rollout undo sts/web", "minisets rollout undo sts/web --to-revision=1"),
)
@_words
@click.option(
    "--to-revision", type=int, default=0, metavar="N", help="0 is the one before the newest."
)
@_waiting
@pass_settings
def undo(
    settings: Settings, words: tuple[str, ...], to_revision: int, wait: bool, timeout: float
) -> None:
    """Go back to an earlier revision of a set; its pods roll, highest ordinal first."""
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import rollout as use_case

        for name in _names(words):
            number, is_changed = use_case.undo(
                context, settings.namespace, name, to_revision=to_revision
            )
            if is_changed:
                screen.result(f"{SET.printed}/{name} rolled back")
            else:
                screen.result(
                    f"{SET.printed}/{name} skipped rollback "
                    f"(current template already matches revision {number})"
                )
            _finish(context, settings, screen, name, wait=wait, timeout=timeout)


@rollout.command("restart", cls=Command, examples=("minisets rollout restart sts/web",))
@_words
@_waiting
@pass_settings
def restart(settings: Settings, words: tuple[str, ...], wait: bool, timeout: float) -> None:
    """Make all pods of a set anew, highest ordinal first, each when the one before is ready."""
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import rollout as use_case

        for name in _names(words):
            use_case.restart(context, settings.namespace, name)
            screen.result(f"{SET.printed}/{name} restarted")
            _finish(context, settings, screen, name, wait=wait, timeout=timeout)


@click.group(
    "set",
    cls=Family,
    examples=("minisets set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",),
)
def set_group() -> None:
    """Change one thing of a set."""


@set_group.command(
    "image",
    cls=Command,
    examples=(
        "minisets set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",
        "minisets set image sts/web '*=my-image:2'",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME CONTAINER=IMAGE...")
@_waiting
@pass_settings
def image(settings: Settings, words: tuple[str, ...], wait: bool, timeout: float) -> None:
    """Give containers of a set other images; its pods roll, highest ordinal first."""
    names = _names(tuple(word for word in words if "=" not in word))
    images = dict(word.split("=", 1) for word in words if "=" in word)
    if not images:
        raise InputError(
            "at least one image update is required",
            hint="minisets set image sts/web CONTAINER=IMAGE",
        )
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import rollout as use_case
        from minisets.app.loop.images import Images

        provider = Images(context)
        for name in names:
            if use_case.set_images(context, settings.namespace, name, images, provider):
                screen.result(f"{SET.printed}/{name} image updated")
            _finish(context, settings, screen, name, provider, wait=wait, timeout=timeout)
