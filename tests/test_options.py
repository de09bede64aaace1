"""Every option of every command has a case: a test that runs the command with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from minisets.cli.command import GlobalOption
from minisets.cli.main import COMMANDS, cli

_HERE = Path(__file__).parent
_OPTION = re.compile(r"(--?[a-z][a-z-]*|-[A-Za-z])(?:=.*)?$", re.DOTALL)
_SHORT = re.compile(r"-([A-Za-z]+)")


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something, with its words."""

    def below(words: tuple[str, ...], command: click.Command):
        if isinstance(command, click.Group):
            for name, found in command.commands.items():
                yield from below((*words, name), found)
        else:
            yield words, command

    for verb in COMMANDS:
        found = cli.get_command(click.Context(cli), verb)
        assert found is not None
        yield from below((verb,), found)


@cache
def used() -> list[frozenset[str]]:
    """Return the texts of each test function, and of each entry of its tables."""
    found = []
    for path in sorted(_HERE.rglob("test_*.py")):
        if path == Path(__file__):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            texts = [
                str(one.value)
                for one in ast.walk(node)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            found.append(frozenset(word for text in texts for word in text.split()))
    return found


def spellings(option: click.Option) -> set[str]:
    return {*option.opts, *option.secondary_opts}


def is_used(words: tuple[str, ...], option: click.Option) -> bool:
    """Say whether a test names all words of a command and one spelling of an option."""
    names = spellings(option)
    shorts = {name[1] for name in names if len(name) == 2}

    def is_it(text: str) -> bool:
        match = _OPTION.match(text)
        if match is not None and match[1] in names:
            return True
        cluster = _SHORT.match(text)
        return cluster is not None and bool(shorts & {cluster[1][0]})

    return any(set(words) <= texts and any(map(is_it, texts)) for texts in used())


CASES = [
    (words, option)
    for words, command in commands()
    for option in command.params
    if isinstance(option, click.Option) and not isinstance(option, GlobalOption)
]


@pytest.mark.parametrize(
    ("words", "option"),
    CASES,
    ids=[f"{' '.join(words)} {option.opts[-1]}" for words, option in CASES],
)
def test_every_option_of_a_command_has_a_case(words: tuple[str, ...], option: click.Option):
    assert is_used(words, option), (
        f"no test runs `minisets {' '.join(words)}` with {' or '.join(option.opts)}"
    )
