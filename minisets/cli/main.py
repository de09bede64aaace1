"""The command line: the group, and the only place that turns errors into exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from minisets.cli.command import (
    HelpContext,
    Settings,
    global_options,
    to_click_spelling,
    unknown_command,
    write_examples,
    write_options,
)
from minisets.cli.terminal import is_terminal
from minisets.errors import InputError, MinisetsError

# Verb, module and name, and what the list of commands says. A command is imported when it is asked
# for: the command line is to start fast.
COMMANDS = {
    "annotate": ("minisets.cli.metadata:annotate", "Set or remove annotations of objects."),
    "api-resources": ("minisets.cli.explain:api_resources", "List the types of objects."),
    "apply": ("minisets.cli.apply:apply", "Bring manifests to life, and wait."),
    "attach": ("minisets.cli.streams:attach", "See and type what a pod's process does."),
    "completion": (
        "minisets.cli.completion:completion",
        "Print a script for your shell's Tab key.",
    ),
    "cp": ("minisets.cli.copy:copy", "Copy files from a pod or to it."),
    "create": ("minisets.cli.create:create", "Create a ConfigMap, a Secret or a namespace."),
    "delete": ("minisets.cli.delete:delete", "Delete sets, pods, claims and other objects."),
    "describe": (
        "minisets.cli.describe:describe",
        "Say all that is known of objects, and what happened to them.",
    ),
    "diff": ("minisets.cli.compare:diff", "Show what apply would change."),
    "doctor": ("minisets.cli.doctor:doctor", "Find what is wrong, and say what to do."),
    "edit": ("minisets.cli.edit:edit", "Change a live object in your editor."),
    "events": ("minisets.cli.events:events", "Show what happened to pods, sets and claims."),
    "exec": ("minisets.cli.streams:execute", "Run a command in a pod."),
    "explain": ("minisets.cli.explain:explain", "Say what a field means and what it does here."),
    "get": ("minisets.cli.get:get", "Show sets, pods, claims and other objects."),
    "help": ("minisets.cli.options:show_help", "Print what a command does."),
    "label": ("minisets.cli.metadata:label", "Set or remove labels of objects."),
    "logs": ("minisets.cli.logs:logs", "Print what pods wrote."),
    "options": ("minisets.cli.options:options", "Print the options that every command takes."),
    "port-forward": (
        "minisets.cli.port_forward:port_forward",
        "Let ports of this machine lead to pods.",
    ),
    "rollout": ("minisets.cli.rollout:rollout", "Follow, repeat or take back an update."),
    "scale": ("minisets.cli.scale:scale", "Set how many pods a set has."),
    "set": ("minisets.cli.set_fields:set_group", "Change images, variables or resources."),
    "start": ("minisets.cli.scale:start", "Bring parked sets back."),
    "stop": ("minisets.cli.scale:stop", "Park sets: pods go, volumes stay."),
    "top": ("minisets.cli.top:top", "Show what pods take of the machine."),
    "version": ("minisets.cli.version:version", "Print the versions of minisets and Engine."),
    "watch": ("minisets.cli.watch:watch", "Keep sets whole until Ctrl-C; act on liveness."),
    "wait": ("minisets.cli.wait:wait", "Wait for conditions, fields or deletions."),
}

_EXIT_INTERNAL = MinisetsError.exit_code
_EXIT_INTERRUPTED = 130
# What a shell reports for a program that a broken pipe has ended.
_EXIT_BROKEN_PIPE = 141

# Where the output goes, there is no room.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})

# Nothing is in the making that an interruption could leave half done.
_READING = frozenset(
    {
        "attach",
        "describe",
        "diff",
        "doctor",
        "events",
        "exec",
        "get",
        "logs",
        "port-forward",
        "top",
        "version",
        "watch",
    }
)

# Their words are not to be said again: passwords stand among them.
_MAY_HOLD_SECRETS = frozenset({"create"})

_EXAMPLES = (
    "minisets apply -f web.yaml",
    "minisets get pods",
    "minisets logs web-0 -f",
    "minisets delete -f web.yaml",
)


class Root(click.Group):
    """All commands."""

    context_class = HelpContext

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = False,
        **more: Any,  # noqa: ANN401 - click's own
    ) -> Any:  # noqa: ANN401 - click's own
        """Run the command line and exit with its code; click's own mapping is never used."""
        del standalone_mode
        words = list(sys.argv[1:] if args is None else args)
        name = prog_name or _called_as(sys.argv[0])
        settings = Settings(program=name)
        more |= {"complete_var": complete_var, "standalone_mode": False, "obj": settings}

        def command() -> int:
            # The value of ctx.exit(); a command's own return value is None.
            try:
                code = super(Root, self).main(words, name, **more)
            except click.exceptions.NoArgsIsHelpError as error:
                # As with kubectl and docker: half a command asks what there is.
                click.echo(error.format_message())
                return 0
            return code if isinstance(code, int) else 0

        if "_MINISETS_COMPLETE" in os.environ:
            from minisets.cli.complete import run

            raise SystemExit(run(command))
        raise SystemExit(exit_code_of(command, settings, words))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take kubectl's spellings, too."""
        return super().parse_args(ctx, to_click_spelling(self.params, args, has_verb=True))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader of our output that has gone is no error worth a word."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python would complain when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            ctx.exit(_EXIT_BROKEN_PIPE)
        except KeyboardInterrupt as error:
            # What follows does not stand behind the ^C that the terminal shows.
            if is_terminal(sys.stderr):
                click.echo(err=True)
            raise click.Abort from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant.

        Raises:
            InputError: There is no such command.
        """
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from minisets.core.query.kubectl import ABSENT_VERBS

            raise unknown_command("minisets", args[0], COMMANDS, ABSENT_VERBS)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what is looked for."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in COMMANDS.items()])
        write_options(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, one a line."""
        write_examples(_EXAMPLES, ctx, formatter)


def _print_version(ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        from minisets import __version__

        click.echo(f"minisets: {__version__}")
        ctx.exit()


cli = Root(
    "minisets",
    help="Run Kubernetes StatefulSets on a plain Docker Engine.",
    params=[
        *global_options(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Print the version; the command version asks the Engine, too.",
        ),
    ],
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> NoReturn:
    """Run minisets."""
    raise SystemExit(cli.main())


def exit_code_of(command: Callable[[], int], settings: Settings, words: Sequence[str]) -> int:
    """Run a command line, print what went wrong on standard error, and return the exit code.

    Args:
        command: Runs it and returns the code of a command that ended well.
        settings: Filled in by the command line's own options.
        words: As typed, to say how to go on.
    """
    try:
        return command()
    except MinisetsError as error:
        from minisets.cli.problems import render_error

        _say(render_error(error), settings)
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else settings.program
        message, hint = _absent_flag(error) or (error.format_message(), f"{path} --help")
        _say([f"error: {message}", f"hint: {hint}"], settings)
        return InputError.exit_code
    except click.ClickException as error:
        _say([f"error: {error.format_message()}"], settings)
        return InputError.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say(_render_interrupted(settings, words), settings)
        return _EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence; --debug shows it all
        return _unexpected(error, settings)


def _unexpected(error: Exception, settings: Settings) -> int:
    if isinstance(error, OSError) and error.errno in _FULL:
        _say([f"error: cannot write the output: {error.strerror}"], settings)
        return InputError.exit_code
    _say(
        [
            f"error: internal: {type(error).__name__}: {error}",
            "hint: run again with --debug, and report what it shows",
        ],
        settings,
    )
    return _EXIT_INTERNAL


def _absent_flag(error: click.UsageError) -> tuple[str, str] | None:
    """Return message and hint for a flag that only kubectl has."""
    if not isinstance(error, click.NoSuchOption):
        return None
    from minisets.core.query.kubectl import ABSENT_FLAGS

    flag = error.option_name
    found = ABSENT_FLAGS.get(flag)
    return (f"there is no flag {flag} here", found) if found else None


def _called_as(path: str) -> str:
    """Return the program's name as it was typed: kubectl calls its plugins by a name of theirs."""
    name = os.path.basename(path)  # noqa: PTH119 - pathlib takes a tenth of a short command
    return "kubectl minisets" if name.startswith("kubectl-minisets") else "minisets"


def _render_interrupted(settings: Settings, words: Sequence[str]) -> list[str]:
    import shlex

    if next((word for word in words if word in COMMANDS), "") in _READING:
        return []
    if _MAY_HOLD_SECRETS & set(words):
        return ["interrupted; nothing is lost", "hint: to go on, run the same command again"]
    if settings.begun:
        # The same words would undo an undo, or delete the pod that has come back.
        commands = ", ".join(dict.fromkeys(settings.begun))
        left = f"; not begun yet: {', '.join(settings.left)}" if settings.left else ""
        return ["interrupted; nothing is lost", f"hint: to go on from here: {commands}{left}"]
    again = shlex.join(_without_precondition(words))
    return [
        "interrupted; nothing is lost",
        f"hint: to go on from here: {settings.program} {again}",
    ]


def _without_precondition(words: Sequence[str]) -> list[str]:
    """Return the words without --current-replicas: what was scaled has another number now."""
    kept: list[str] = []
    is_value = False
    for word in words:
        flag, sign, _ = word.partition("=")
        if flag == "--current-replicas":
            is_value = not sign
        elif is_value:
            is_value = False
        else:
            kept.append(word)
    return kept


def _say(lines: Sequence[str], settings: Settings) -> None:
    if settings.debug and sys.exc_info()[0] is not None:
        import traceback

        click.echo(traceback.format_exc(), err=True, nl=False)
    advice = settings.advice
    # The lines of manifests are quoted as they are.
    lines = [line if _is_quoted(line) else advice(line) for line in lines]
    if is_terminal(sys.stderr):
        from minisets.cli.problems import dress

        lines = dress(lines)
    for line in lines:
        click.echo(line, err=True)


def _is_quoted(line: str) -> bool:
    number, bar, _ = line.partition(" | ")
    return bool(bar) and number.strip().isdigit()
