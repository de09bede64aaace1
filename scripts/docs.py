"""Writes the regions of the documentation that come from the code, and checks that they are true.

A region stands between ``<!-- region NAME -->`` and ``<!-- end NAME -->``. ``--check`` writes
nothing and fails where a region is out of date. The regions in CAPTURES hold the output of a real
run, which no two runs share: ``--demo`` runs their commands, and checking compares the commands.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import click

from minisets.cli import main as command_line
from minisets.cli.command import Command, GlobalOption
from minisets.core import labels
from minisets.core.input import support
from minisets.core.input.support_table import OTHER_KINDS, UNKNOWN_KIND, Level
from minisets.core.pod import fixed
from minisets.errors import MinisetsError
from scripts import verbs

ROOT = Path(__file__).resolve().parent.parent
FILE = "examples/web/web.yaml"
PAGE = "/usr/share/nginx/html/index.html"

CAPTURES: Mapping[str, tuple[str, ...]] = {
    "demo": (f"minisets apply -f {FILE}", "minisets get all"),
    "names": (
        "minisets exec web-1 -- hostname -f",
        "minisets exec web-0 -- grep 'web-1.nginx$' /etc/hosts",
    ),
    "data": (
        f"minisets exec web-1 -- sh -c 'echo \"page of web-1\" > {PAGE}'",
        "docker rm -f web-1",
        f"minisets apply -f {FILE}",
        f"minisets exec web-1 -- cat {PAGE}",
    ),
    "order": (
        f"sed 's/slim:0.24/slim:0.25/' {FILE} | minisets apply -f - --dry-run",
        "minisets scale sts/web --replicas=2",
    ),
    "clean": (
        f"minisets delete -f {FILE}",
        "minisets delete pvc www-web-0 www-web-1 www-web-2",
    ),
}
"""Name of a region → the command lines whose output it shows, in the order in which they run."""

_REGION = re.compile(
    r"(?P<begin><!-- region (?P<name>[\w-]+) -->\n)(?P<body>.*?)(?P<end><!-- end (?P=name) -->)",
    re.DOTALL,
)


def render_support() -> str:
    """Return the support table, one line per type of the Kubernetes API that has exceptions."""
    rows: dict[str, dict[Level, list[str]]] = {}
    for row in support.table():
        fields = rows.setdefault(row.type_name, {level: [] for level in Level})
        fields[row.support.level].append(row.field)
    whole = [name for name, fields in rows.items() if not _exceptions(fields)]
    table = _table(
        ("type", *(level.value for level in Level)),
        (
            (f"**{name}**", *(_codes(fields[level]) for level in Level))
            for name, fields in rows.items()
            if name not in whole
        ),
    )
    return f"{table}\nHonoured as a whole: {_codes(whole)}.\n"


def render_reasons(level: Level) -> str:
    """Return the fields of a level with the reason for each."""
    return _table(
        ("field", "reason"),
        (
            (f"`{row.type_name}.{row.field}`", row.support.reason)
            for row in support.table()
            if row.support.level is level
        ),
    )


def render_kinds() -> str:
    """Return the kinds of objects that are left out, by reason."""
    by_reason: dict[str, list[str]] = {}
    for kind, reason in OTHER_KINDS.items():
        by_reason.setdefault(reason, []).append(kind)
    rows = [(_codes(kinds), reason) for reason, kinds in by_reason.items()]
    return _table(
        ("kind", "reason"), [*rows, ("any other of Kubernetes or of an extension", UNKNOWN_KIND)]
    )


def render_commands() -> str:
    """Return every command with an example, and the options that all of them take."""
    found = commands()
    table = _table(
        ("command", "what it does", "for example"),
        (
            (f"`{name}`", _summary(command), f"`{examples(command)[0]}`".replace("|", "\\|"))
            for name, command in found.items()
        ),
    )
    some = next(iter(found.values()))
    shared = _table(
        ("before or after the verb", ""),
        (
            (_codes(sorted(option.opts, key=len)), option.help or "")
            for option in _options(some, is_global=True)
        ),
    )
    return f"{table}\n{shared}"


def render_verbs() -> str:
    """Return kubectl's verbs with what becomes of each."""
    return _table(("", "verbs of kubectl", ""), verbs.rows(command_line.COMMANDS))


def render_reference() -> str:
    """Return a section for every command: usage, options, examples."""
    return "\n".join(_section(name, command) for name, command in commands().items())


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command)
    usage = " ".join(command.collect_usage_pieces(context))
    text = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    options = _table(
        ("option", ""),
        (
            (_codes([*sorted(option.opts, key=len), *option.secondary_opts]), option.help or "")
            for option in _options(command, is_global=False)
        ),
    )
    lines = "\n".join(f"$ {example}" for example in examples(command))
    return "\n".join(
        (
            f"## {name}\n",
            f"`minisets {name} {usage}`\n",
            f"{text}\n",
            *([options] if _options(command, is_global=False) else []),
            f"```console\n{lines}\n```\n",
        )
    )


def render_exit_codes() -> str:
    """Return every exit code with what it stands for."""
    by_code: dict[int, list[type[MinisetsError]]] = {}
    for error in _descendants(MinisetsError):
        by_code.setdefault(error.exit_code, []).append(error)
    by_code[MinisetsError.exit_code] = []
    meanings = {
        code: " ".join(_first_sentence(error) for error in errors)
        for code, errors in by_code.items()
    }
    meanings |= {
        0: "Done.",
        MinisetsError.exit_code: "A fault of minisets itself; `--debug` shows where.",
        # The two that do not come from an error of ours.
        command_line._EXIT_INTERRUPTED: "Interrupted with Ctrl-C; the hint says what goes on.",
        command_line._EXIT_BROKEN_PIPE: "The reader of the output has gone.",
    }
    if "diff" in command_line.COMMANDS:
        meanings[1] += " Or `diff` found a difference."
    return _table(("code", "meaning"), ((f"{code}", meanings[code]) for code in sorted(meanings)))


def render_labels() -> str:
    """Return every label key with the text that stands below it in the code."""
    body = ast.parse(Path(labels.__file__).read_text(encoding="utf-8")).body
    rows = []
    for node, after in pairwise(body):
        match node, after:
            case (
                ast.Assign(value=ast.Constant(value=str(key))),
                ast.Expr(value=ast.Constant(value=str(text))),
            ) if "/" in key or "-" in key:
                rows.append((f"`{key}`", " ".join(text.replace("``", "`").split())))
    return _table(("label", "value"), rows)


def render_fixed() -> str:
    """Return what is fixed when a container is created, and what becomes of a change."""
    return _table(
        ("what changes", "how it is seen", "the pods", ""),
        ((line.what, line.seen, line.outcome.value, line.remark) for line in fixed.TABLE),
    )


def render_modules() -> str:
    """Return every module of the package with the first line of its docstring."""
    rows = []
    for path in sorted((ROOT / "minisets").rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        summary = text.partition("\n")[0].replace("``", "`").replace("|", "\\|")
        rows.append((f"`{path.relative_to(ROOT)}`", summary))
    return _table(("module", ""), rows)


REGIONS: Mapping[str, Callable[[], str]] = {
    "support": render_support,
    "ignored": lambda: render_reasons(Level.IGNORED),
    "refused": lambda: render_reasons(Level.REFUSED),
    "kinds": render_kinds,
    "commands": render_commands,
    "verbs": render_verbs,
    "reference": render_reference,
    "exit-codes": render_exit_codes,
    "labels": render_labels,
    "fixed": render_fixed,
    "modules": render_modules,
}


def commands() -> dict[str, click.Command]:
    """Return every command by its words; those of a group stand for the group."""
    return dict(_leaves(command_line.cli, ()))


def _leaves(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        if isinstance(command, click.Group):
            yield from _leaves(command, (*words, verb))
        elif command is not None:
            yield " ".join((*words, verb)), command


def documents() -> tuple[Path, ...]:
    """Return every page of documentation."""
    return (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))


def regions(text: str) -> dict[str, str]:
    """Return the bodies of the regions of a page by name."""
    return {found["name"]: found["body"] for found in _REGION.finditer(text)}


def commands_of(block: str) -> tuple[str, ...]:
    """Return the command lines of a console block."""
    return tuple(line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))


def refreshed(text: str, bodies: Mapping[str, str]) -> str:
    """Return a page with new bodies in those of its regions that are named."""

    def replace(found: re.Match[str]) -> str:
        body = bodies.get(found["name"])
        return found[0] if body is None else f"{found['begin']}{body}{found['end']}"

    return _REGION.sub(replace, text)


def drift(text: str, bodies: Mapping[str, str]) -> list[str]:
    """Name the regions of a page that are not what the code or the script says."""
    found = []
    for name, body in regions(text).items():
        if name in CAPTURES:
            is_current = commands_of(body) == CAPTURES[name]
        else:
            is_current = body == bodies.get(name)
        if not is_current:
            found.append(name)
    return found


def capture() -> dict[str, str]:
    """Run the commands of CAPTURES in the namespace default, and return what they printed.

    Raises:
        SystemExit: A command failed, or the names are in use.
    """
    environment = {key: text for key, text in os.environ.items() if key != "MINISETS_NAMESPACE"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    shell = shutil.which("sh") or "/bin/sh"

    def run(line: str) -> tuple[int, str]:
        done = subprocess.run(
            [shell, "-c", line],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        return done.returncode, done.stdout

    if run("minisets get sts,pvc -o name 2>/dev/null")[1].strip():
        raise SystemExit(
            "docs: the namespace default is in use; this would mix with what is there"
        )
    bodies = {}
    for name, lines in CAPTURES.items():
        shown = []
        for line in lines:
            code, output = run(line)
            if code:
                raise SystemExit(f"docs: exit code {code}: {line}\n{output}")
            shown += [f"$ {line}", *output.rstrip().splitlines()]
        block = "\n".join(line.rstrip() for line in shown)
        bodies[name] = f"<!-- run -->\n```console\n{block}\n```\n"
    return bodies


def main(arguments: list[str] | None = None) -> int:
    """Write or check the regions; return the exit code."""
    parser = argparse.ArgumentParser(description="Regions of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")
    parser.add_argument("--demo", action="store_true", help="run the demo again; needs an Engine")
    chosen = parser.parse_args(arguments)
    bodies = {name: render() for name, render in REGIONS.items()}
    if chosen.demo:
        bodies |= capture()
    stale = []
    for page in documents():
        text = page.read_text(encoding="utf-8")
        if chosen.check:
            stale += [f"{page.relative_to(ROOT)}: {name}" for name in drift(text, bodies)]
        elif (new := refreshed(text, bodies)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"docs: wrote {page.relative_to(ROOT)}")
    for place in stale:
        print(f"docs: out of date: {place} (run: make docs)", file=sys.stderr)
    return 1 if stale else 0


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _options(command: click.Command, *, is_global: bool) -> list[click.Option]:
    return [
        param
        for param in command.params
        if isinstance(param, click.Option)
        and isinstance(param, GlobalOption) is is_global
        and not param.hidden
    ]


def examples(command: click.Command) -> tuple[str, ...]:
    """Return the command lines in the help of a command."""
    return command.examples if isinstance(command, Command) else ()


def _summary(command: click.Command) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _exceptions(fields: Mapping[Level, list[str]]) -> bool:
    return any(fields[level] for level in Level if level is not Level.HONOURED)


def _descendants(error: type[MinisetsError]) -> list[type[MinisetsError]]:
    found = []
    for child in error.__subclasses__():
        # The code may change on the way down; a child with its parent's code says nothing new.
        if child.exit_code != error.exit_code:
            found.append(child)
        found += _descendants(child)
    return found


def _first_sentence(error: type[MinisetsError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    raise SystemExit(main())
