from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import minisets
from minisets.cli.advice import Advice
from minisets.cli.main import COMMANDS, cli

PLUGIN = "docker minisets"


def advised(text: str, *, given: str = "default", usual: str = "default", **more: str) -> str:
    program, context = more.get("program", "minisets"), more.get("context")
    advice = Advice(program=program, namespace=given, usual=usual, context=context)
    return advice(text)


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("next: minisets get pods", "next: docker minisets get pods"),
        ("did you mean: minisets apply", "did you mean: docker minisets apply"),
        ("minisets --help", "docker minisets --help"),
        (
            "kubectl kustomize . | minisets apply -f -",
            "kubectl kustomize . | docker minisets apply -f -",
        ),
        ("`minisets watch` acts on it", "`docker minisets watch` acts on it"),
        ("docker minisets get --help", "docker minisets get --help"),
        ("what minisets keeps, or minisets needs", "what minisets keeps, or minisets needs"),
        (
            "/usr/bin/minisets get x, my-minisets get x",
            "/usr/bin/minisets get x, my-minisets get x",
        ),
    ],
)
def test_commands_go_by_the_name_of_the_program(said: str, typed: str):
    assert advised(said, program=PLUGIN) == typed
    assert advised(said) == said


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("next: minisets get pods", "next: minisets get pods -n team"),
        ("use minisets get pods, or wait", "use minisets get pods -n team, or wait"),
        ("(minisets logs web-0); then", "(minisets logs web-0 -n team); then"),
        ("minisets cp a - | minisets cp - b", "minisets cp a - -n team | minisets cp - b -n team"),
        ("go on: minisets start", "go on: minisets start -n team"),
        ("minisets exec web-0 -- ls", "minisets exec web-0 -n team -- ls"),
        ("type minisets exec web-0 --", "type minisets exec web-0 -n team --"),
        ("minisets get pods -n other", "minisets get pods -n other"),
        ("minisets get pods -n default, or so", "minisets get pods, or so"),
        ("minisets get sts -A", "minisets get sts -A"),
        ("minisets get pv", "minisets get pv"),
        ("minisets delete ns/a", "minisets delete ns/a"),
        ("minisets doctor", "minisets doctor"),
        ("minisets explain sts", "minisets explain sts"),
        ("did you mean: minisets get", "did you mean: minisets get"),
        ("minisets get --help", "minisets get --help"),
        (
            "minisets wait --for=jsonpath='{.a, .b}'=1 po/a",
            "minisets wait --for=jsonpath='{.a, .b}'=1 po/a -n team",
        ),
        ("a\nminisets get pods\nb", "a\nminisets get pods -n team\nb"),
    ],
)
def test_the_namespace_is_said_where_it_is_not_the_usual_one(said: str, typed: str):
    assert advised(said, given="team") == typed


def test_the_usual_namespace_may_be_another_than_default():
    assert advised("minisets get pods", given="default", usual="team") == (
        "minisets get pods -n default"
    )
    assert advised("minisets get pods", given="team", usual="team") == "minisets get pods"
    assert advised("minisets get pods -n team", given="a", usual="team") == "minisets get pods"


def test_the_context_that_was_given_is_said():
    assert advised("minisets get pods -n a, or b", context="my box") == (
        "minisets get pods -n a --context 'my box', or b"
    )
    assert advised("minisets doctor", context="c") == "minisets doctor --context c"
    assert advised("minisets get sts -A", context="c") == "minisets get sts -A --context c"
    assert advised("minisets explain sts", context="c") == "minisets explain sts"
    assert advised("minisets get a --context=x", context="c") == "minisets get a --context=x"


def test_errors_and_examples_of_a_plugin_name_the_plugin(monkeypatch):
    def said(*words: str) -> str:
        return CliRunner().invoke(cli, list(words), prog_name=PLUGIN).output

    monkeypatch.setenv("MINISETS_NAMESPACE", "team")
    assert said("aply").endswith("hint: did you mean: docker minisets apply\n")
    assert said("get", "--nope").endswith("hint: docker minisets get --help\n")
    assert "\n  helm template my-release chart | docker minisets apply -n" in said(
        "apply", "--help"
    )
    assert "\n  docker minisets get pods\n" in said("--help")
    refused = said("set", "image", "sts/web", "-n", "default")
    assert refused.endswith("hint: docker minisets set image sts/web CONTAINER=IMAGE -n default\n")


def test_kubectl_is_named_where_it_has_called(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/usr/bin/kubectl-minisets", "aply"])

    with pytest.raises(SystemExit):
        cli.main()

    assert capsys.readouterr().err.endswith("did you mean: kubectl minisets apply\n")


def texts() -> list[tuple[str, str]]:
    """Return every text of the package that names a command, and where it stands."""
    found = []
    for path in sorted(Path(minisets.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "X"
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if any(f"minisets {verb} " in text for verb in COMMANDS):
                found.append((path.name, " ".join(text.split())))
    return found


def test_no_prose_follows_a_command_without_a_mark_between():
    prose = re.compile(r"minisets [a-z-]+( [^,;)|`]+?)? (and|to|for|or|which|then|if|when)\b")
    wrong = [(where, text) for where, text in texts() if prose.search(text)]

    assert len(texts()) > 100
    assert wrong == []
