"""What all commands share: global options on both sides of the verb, kubectl's flags, examples."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import click

from minisets.core import naming
from minisets.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from minisets.cli.advice import Advice

ProgressStyle = Literal["auto", "tty", "plain", "json", "quiet"]

NAMESPACE_VARIABLE = "MINISETS_NAMESPACE"
_DEFAULT_NAMESPACE = "default"
_CLICKS_LEAST_COLUMNS = 52
_LEAST_COLUMNS = 30


class Settings:
    """The global options, wherever they stood.

    Args:
        namespace_given: By -n; None if it was not.
        context: Docker context by name; None leaves the choice to Docker's own rules.
        program: As it was called, such as ``docker minisets``.
    """

    # Not a dataclass: making one takes a fiftieth of what a short command may take.
    def __init__(
        self,
        *,
        namespace_given: str | None = None,
        context: str | None = None,
        verbose: bool = False,
        progress: ProgressStyle = "auto",
        debug: bool = False,
        program: str = "minisets",
    ) -> None:
        self.program = program
        self.namespace_given = namespace_given
        self.context = context
        self.verbose = verbose
        self.progress = progress
        self.debug = debug
        self.begun: list[str] = []
        """Commands that go on with what was changed, where the same words would change more."""
        self.left: list[str] = []
        """Objects that are not changed yet."""

    @property
    def namespace(self) -> str:
        """The namespace to work in.

        Raises:
            InputError: It is no name that a namespace can have.
        """
        found = self.namespace_given or _usual_namespace()
        naming.check_namespace(found)
        return found

    @property
    def advice(self) -> Advice:
        """What puts commands into the words that this user has to type."""
        from minisets.cli.advice import Advice

        return Advice(
            program=self.program,
            namespace=self.namespace_given or _usual_namespace(),
            usual=_usual_namespace(),
            context=self.context,
        )


def _usual_namespace() -> str:
    return os.environ.get(NAMESPACE_VARIABLE) or _DEFAULT_NAMESPACE


pass_settings = click.make_pass_decorator(Settings, ensure=True)


class Word(click.types.StringParamType):
    """A word that a shell can complete, by what the Engine knows."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return what the word may be."""
        from minisets.cli.complete import completions

        return completions(ctx, param, incomplete)


WORD = Word()
_COMPLETED_OPTIONS = frozenset({"container", "context", "files", "namespace_given"})


def _complete(params: Iterable[click.Parameter]) -> None:
    """Let shells complete arguments, and the options whose values are names."""
    for param in params:
        is_name = isinstance(param, click.Argument) or param.name in _COMPLETED_OPTIONS
        if is_name and param.type is click.STRING:
            param.type = WORD


class GlobalOption(click.Option):
    """An option that every command takes, and the group before them."""


class BareOption(click.Option):
    """An option whose value needs ``=`` and may be left out, as kubectl's ``--dry-run``."""

    def __init__(self, *args: Any, bare: str, **more: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **more)
        self.bare = bare


class _NarrowFormatter(click.HelpFormatter):
    """Breaks no word, and puts what says a thing below it where it has no room beside it."""

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 15, col_spacing: int = 2
    ) -> None:
        """Write terms and what they mean."""
        from textwrap import wrap

        rows = list(rows)
        longest = max(len(term) for term, _ in rows)
        column = (longest if longest <= min(col_max, 15) else col_spacing) + col_spacing
        margin = " " * self.current_indent
        for term, text in rows:
            lines = wrap(
                text,
                self.width - column - len(margin),
                break_long_words=False,
                break_on_hyphens=False,
            )
            if longest + col_spacing > column:
                self.write(f"{margin}{term}\n")
            else:
                first = lines.pop(0) if lines else ""
                self.write(f"{margin}{term:<{column}}{first}".rstrip() + "\n")
            for line in lines:
                self.write(f"{margin}{'':<{column}}{line}\n")


class HelpContext(click.Context):
    """Lays help out for narrow terminals, too: click's own help is never below 50 columns."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return a formatter for the width of the terminal."""
        import shutil

        columns = shutil.get_terminal_size().columns
        if self.terminal_width is None and columns < _CLICKS_LEAST_COLUMNS:
            return _NarrowFormatter(width=max(columns - 2, _LEAST_COLUMNS))
        return super().make_formatter()


class Command(click.Command):
    """A command with the global options and with examples.

    Args:
        examples: Command lines for the help.
    """

    context_class = HelpContext

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        examples: Sequence[str] = (),
        **more: Any,  # noqa: ANN401 - click's own
    ) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.params = [*self.params, *global_options()]
        _complete(self.params)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take kubectl's spellings, too."""
        ctx.meta["minisets.has_dashes"] = "--" in args
        return super().parse_args(ctx, to_click_spelling(self.params, args))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options first."""
        write_options(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, one a line."""
        write_examples(self.examples, ctx, formatter)


class Family(click.Group):
    """A command whose subcommands do the work, with examples.

    Args:
        examples: Command lines for the help.
    """

    context_class = HelpContext

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        examples: Sequence[str] = (),
        **more: Any,  # noqa: ANN401 - click's own
    ) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.params = [*self.params, *global_options()]
        _complete(self.params)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take kubectl's spellings, too."""
        return super().parse_args(ctx, to_click_spelling(self.params, args, has_verb=True))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand, or say what there is in its place.

        Raises:
            InputError: There is no such subcommand.
        """
        is_known = self.get_command(ctx, args[0]) is not None or args[0].startswith("-")
        # A shell that completes wants no word of trouble.
        if not is_known and not ctx.resilient_parsing:
            from minisets.core.query.kubectl import ABSENT_BELOW

            absent = ABSENT_BELOW.get(self.name or "", {})
            raise unknown_command(ctx.command_path, args[0], self.commands, absent)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands, then the options."""
        self.format_commands(ctx, formatter)
        write_options(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, one a line."""
        write_examples(self.examples, ctx, formatter)


def unknown_command(
    above: str, word: str, known: Iterable[str], absent: Mapping[str, str]
) -> InputError:
    """Return the error for a command that is not here.

    Args:
        above: The commands before it, as typed.
        word: As typed.
        known: What might have stood there.
        absent: What kubectl has there, and what there is in its place.
    """
    if word in absent:
        return InputError(f'there is no command "{word}" in "{above}"', hint=absent[word])
    from minisets.core.suggest import nearest

    close = nearest(word, known)
    return InputError(
        f'unknown command "{word}" for "{above}"',
        hint=f"did you mean: {above} {close}" if close else f"{above} --help",
    )


def to_click_spelling(
    params: Iterable[click.Parameter], args: Sequence[str], *, has_verb: bool = False
) -> list[str]:
    """Rewrite what kubectl takes and click does not; what follows ``--`` stays.

    These are ``--flag=true|false``, also of short flags; ``-n=value``; and options whose value may
    be left out. A word that is another option's value is left alone.

    Args:
        params: Of the command.
        args: As typed.
        has_verb: The first word is a command with arguments of its own.

    Raises:
        click.UsageError: The value of a flag is neither true nor false.
    """
    options = {
        name: param
        for param in params
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }
    done: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        is_word = not arg.startswith("-") or arg == "-"
        if arg == "--" or (is_word and has_verb):
            return [*done, arg, *left]
        parts = [arg] if is_word else _apart(arg, options)
        for name, equals, value in (part.partition("=") for part in parts):
            option = options.get(name)
            if option is None or is_word:
                done += [f"{name}{equals}{value}"]
            elif isinstance(option, BareOption):
                done.append(f"{name}={value if equals else option.bare}")
            elif option.is_flag and equals:
                done = _set_flag(done, option, name, value)
            elif option.is_flag:
                done.append(name)
            elif equals:
                done += [f"{name}={value}"] if name.startswith("--") else [name, value]
            else:
                done += [name, *left[:1]]
                del left[:1]
    return done


def _apart(arg: str, options: Mapping[str, click.Option]) -> list[str]:
    """Take short options apart that were written as one word; a value stays behind a ``=``."""
    if arg.startswith("--") or len(arg) == 2:
        return [arg]
    parts: list[str] = []
    for at, letter in enumerate(arg[1:], start=1):
        option = options.get(f"-{letter}")
        rest = arg[at + 1 :]
        if option is None:
            return [arg]
        if not option.is_flag or rest.startswith("="):
            value = rest.removeprefix("=")
            return [*parts, f"-{letter}={value}" if rest else f"-{letter}"]
        parts.append(f"-{letter}")
    return parts


def _set_flag(done: list[str], option: click.Option, name: str, value: str) -> list[str]:
    """Add a flag that was given by its value; one that is off undoes what came before."""
    # kubectl's -v takes a number.
    is_on = int(value) > 0 if value.isdigit() else _as_truth(value, option)
    if is_on == (name in option.opts):
        return [*done, name if is_on else option.opts[-1]]
    if option.secondary_opts:
        return [*done, option.secondary_opts[0]]
    return [word for word in done if word not in option.opts]


def _as_truth(value: str, option: click.Option) -> bool:
    try:
        return click.BOOL.convert(value, option, None)
    except click.BadParameter as error:
        names = ", ".join(option.opts)
        raise click.UsageError(
            f'invalid argument "{value}" for "{names}" flag: it is neither true nor false',
            # Only the context knows which command's help to name.
            click.get_current_context(silent=True),
        ) from error


def global_options() -> list[click.Parameter]:
    """Return the options that stand before or after the verb."""

    def option(*names: str, **more: Any) -> GlobalOption:  # noqa: ANN401 - click's own
        return GlobalOption(names, expose_value=False, callback=_remember, **more)

    found: list[click.Parameter] = [
        option(
            "-n",
            "--namespace",
            "namespace_given",
            metavar="NAME",
            help=f"Namespace to work in. [env: {NAMESPACE_VARIABLE}]",
        ),
        option(
            "--context",
            metavar="NAME",
            help="Docker context of the Engine. [env: DOCKER_HOST, DOCKER_CONTEXT]",
        ),
        option(
            "--progress",
            type=click.Choice(["auto", "tty", "plain", "json", "quiet"]),
            help="How to show what happens, on standard error.",
        ),
        option(
            "-q",
            "--quiet",
            "progress",
            flag_value="quiet",
            help="Print results and errors alone, as --progress=quiet.",
        ),
        option("-v", "--verbose", is_flag=True, help="Show every call to the Engine."),
        option("--debug", is_flag=True, help="Show tracebacks of errors."),
    ]
    _complete(found)
    return found


def write_options(
    params: Iterable[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write own options and global options as two sections of a help text."""
    sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Global options": []}
    for param in params:
        record = param.get_help_record(ctx)
        if isinstance(param, click.Option) and record is not None:
            title = "Global options" if isinstance(param, GlobalOption) else "Options"
            sections[title].append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def write_examples(
    examples: Sequence[str], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the examples of a help text, never wrapped: they are for copying."""
    program = ctx.find_root().info_name or "minisets"
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                line = re.sub(r"(^|\| )minisets ", lambda found: f"{found[1]}{program} ", example)
                formatter.write(f"  {line}\n")


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    # The one after the verb is parsed last and wins; what was not given must not undo the other.
    if value and param.name:
        setattr(ctx.ensure_object(Settings), param.name, value)


class Duration(click.ParamType[float]):
    """A length of time as Go writes it, in seconds: ``90s``, ``1m30s``, ``2h``, or a number.

    Args:
        is_signed: It may be negative.
    """

    name = "duration"
    _UNITS: ClassVar[dict[str, float]] = {
        "ns": 1e-9,
        "us": 1e-6,
        "µs": 1e-6,
        "ms": 1e-3,
        "s": 1.0,
        "m": 60.0,
        "h": 3600.0,
    }
    _PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"
    _NUMBER = r"\d+(\.\d*)?|\.\d+"

    def __init__(self, *, is_signed: bool = False) -> None:
        self._is_signed = is_signed

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return seconds."""
        text = str(value)
        if self._is_signed and text.startswith("-"):
            return -DURATION.convert(text[1:], param, ctx)
        if re.fullmatch(self._NUMBER, text):
            return float(text)
        parts = re.findall(self._PART, text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f"{text!r} is no length of time; write 90s, 1m30s or 2h", param, ctx)
        return sum(float(number) * self._UNITS[unit] for number, unit in parts)


DURATION = Duration()
FOREVER_SECONDS = 7 * 24 * 3600.0
"""What kubectl takes for a wait without end."""
