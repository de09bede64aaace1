"""The documentation says what the code says, and its command lines are ones that parse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pyte
import pytest

from minisets.cli.command import Command, Settings
from minisets.cli.main import COMMANDS, cli
from minisets.core.query import kubectl
from scripts import docs, picture, verbs

README = docs.ROOT / "README.md"
PAGES = (*docs.documents(), *sorted(docs.ROOT.glob("examples/*/README.md")))
BODIES = {name: render() for name, render in docs.REGIONS.items()}

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_MODULE = re.compile(r"`([\w/]+\.(?:py|sh))`")
_SHELL_WORDS = frozenset({"|", "||", "&&", ";", "&", "<", ">", ">>", "#"})


def name_of(page: Path) -> str:
    return str(page.relative_to(docs.ROOT))


def minisets_lines(page: Path) -> Iterator[str]:
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield from (line for line in docs.commands_of(block) if any(minisets_calls(line)))


def minisets_calls(line: str) -> Iterator[list[str]]:
    """Split a shell line and give the words of each call of minisets in it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    call: list[str] | None = None
    is_first = True
    for word in [*lexer, ";"]:
        if word in _SHELL_WORDS or set(word) <= set("|&;<>"):
            if call is not None:
                yield call
            call, is_first = None, True
        elif is_first:
            call, is_first = ([] if word.endswith("minisets") else None), False
        elif call is not None:
            call.append(word)


def parse(words: list[str]) -> None:
    """Resolve commands and options as a run would, and run nothing."""
    command: click.Command = cli
    context: click.Context | None = None
    name = "minisets"
    more: dict[str, Any] = {"obj": Settings()}
    while True:
        try:
            context = command.make_context(name, words, parent=context, **more)
        except click.exceptions.Exit:
            # --help ends the parsing.
            return
        if not isinstance(command, click.Group):
            return
        found, chosen, words = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        assert chosen is not None
        name, command, more = found, chosen, {}


@pytest.mark.parametrize("page", docs.documents(), ids=name_of)
def test_the_generated_regions_are_current(page):
    assert docs.drift(page.read_text(encoding="utf-8"), BODIES) == [], "run: make docs"


def test_every_region_has_its_place():
    placed = [name for page in docs.documents() for name in docs.regions(page.read_text("utf-8"))]

    assert sorted(placed) == sorted([*docs.REGIONS, *docs.CAPTURES])


def test_a_changed_region_is_found_and_repaired():
    text = "before\n<!-- region commands -->\nold\n<!-- end commands -->\nafter\n"

    assert docs.drift(text, BODIES) == ["commands"]
    assert docs.drift(docs.refreshed(text, BODIES), BODIES) == []


def test_a_captured_region_may_differ_in_its_output_and_not_in_its_commands():
    lines = [f"$ {line}\nsome output\n" for line in docs.CAPTURES["clean"]]
    page = "<!-- region clean -->\n{}<!-- end clean -->\n"

    assert docs.drift(page.format("".join(lines)), BODIES) == []
    assert docs.drift(page.format(lines[0]), BODIES) == ["clean"]


@pytest.mark.parametrize("name", docs.commands())
def test_every_command_is_in_the_readme_and_has_help_and_an_example(name):
    command = docs.commands()[name]

    assert f"`{name}`" in README.read_text(encoding="utf-8")
    assert command.help
    assert isinstance(command, Command)
    assert command.examples


@pytest.mark.parametrize("name", docs.commands())
def test_every_example_of_a_command_calls_that_command(name):
    command = docs.commands()[name]
    assert isinstance(command, Command)

    for example in command.examples:
        assert f"minisets {name}" in example


@pytest.mark.parametrize(
    ("page", "line"),
    [
        pytest.param(page, line, id=f"{name_of(page)}: {line}")
        for page in PAGES
        for line in dict.fromkeys(minisets_lines(page))
    ],
)
def test_every_command_line_parses(page, line):
    for words in minisets_calls(line):
        parse(words)


@pytest.mark.parametrize(
    "words", [["applz"], ["apply"], ["apply", "-f", "x", "--fast"], ["scale", "sts/web"]]
)
def test_a_command_line_that_is_wrong_does_not_parse(words):
    with pytest.raises(Exception, match=r"unknown|Missing|No such"):
        parse(words)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", docs.documents(), ids=name_of)
def test_every_module_that_is_named_exists(page):
    for name in _MODULE.findall(page.read_text(encoding="utf-8")):
        folders = (docs.ROOT, *docs.ROOT.glob("[a-z]*/"))
        places = [*(one / name for one in folders), *(docs.ROOT / "minisets").rglob(name)]
        assert any(place.exists() for place in places), name


def test_the_picture_shows_the_commands_of_its_script_and_nothing_of_the_machine():
    svg = picture.PICTURE.read_text(encoding="utf-8")

    assert all(picture.shows(svg, command) for command in picture.COMMANDS), "run: make picture"
    assert not picture.shows(svg, "minisets get nothing")
    assert "url(h" not in svg
    assert str(docs.ROOT) not in svg


def test_what_a_terminal_shows_is_drawn_in_its_colours():
    screen = pyte.Screen(picture.COLUMNS, picture.ROWS)
    pyte.Stream(screen).feed("\x1b[31mred\x1b[0m one\r\ntwo\x1b[1A\r\x1b[2Kgone up")
    svg = picture.draw([picture.Frame(0.0, picture.rows_of(screen))])

    assert picture.shows(svg, "gone up")
    assert picture.shows(svg, "two")
    assert ">red" not in svg


def test_the_picture_moves_as_the_screen_did_and_ends_with_its_last_rows():
    screen = pyte.Screen(picture.COLUMNS, picture.ROWS)
    frames = []
    for seconds, text in ((0.0, "$ run"), (1.0, "\r\n\x1b[31mhalf\x1b[0m  way"), (3.0, "\rdone")):
        pyte.Stream(screen).feed(text)
        frames.append(picture.Frame(seconds, picture.rows_of(screen)))
    svg = picture.draw(frames)

    # Whoever cannot play it sees what is not past.
    hidden = [line for line in svg.splitlines() if line.startswith("<g") and " past" in line]
    assert [("half" in line, "way" in line) for line in hidden] == [(True, True)]
    assert f"fill:{picture.COLOURS['red']}" in svg
    assert "0.00%{opacity:0}11.11%{opacity:1}33.33%{opacity:0}" in svg
    assert "0.00%{opacity:0}33.33%{opacity:1}100%{opacity:1}" in svg
    assert "prefers-reduced-motion" in svg


def test_a_verb_that_is_here_and_said_to_be_absent_is_found():
    with pytest.raises(ValueError, match="patch"):
        verbs.rows([*verbs.DIFFERENT, "patch"])
    with pytest.raises(ValueError, match="wait"):
        verbs.rows([verb for verb in verbs.DIFFERENT if verb != "wait"])


def command_of(verb: str) -> click.Command:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    return command


def test_what_kubectl_has_below_a_verb_is_not_here():
    for verb, absent in kubectl.ABSENT_BELOW.items():
        family = command_of(verb)
        assert isinstance(family, click.Group)
        assert not absent.keys() & family.commands.keys()


def test_flags_that_are_said_to_be_absent_are():
    for verb in COMMANDS:
        for param in command_of(verb).params:
            assert not {*param.opts} & kubectl.ABSENT_FLAGS.keys(), verb


def test_the_architecture_fits_on_a_few_screens():
    text = (docs.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    # Tables that the code writes grow with it; what people write must not.
    written = docs.refreshed(text, dict.fromkeys(docs.regions(text), ""))

    assert len(written.splitlines()) <= 140
