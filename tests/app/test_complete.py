"""What a shell is told when Tab is pressed, on an Engine in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from click.shell_completion import ShellComplete

from minisets.app.park import scale
from minisets.cli import complete
from minisets.cli.main import COMMANDS, cli
from minisets.engine.pause_image import ensure_pause_image
from minisets.errors import EngineError, EngineUnreachable, NotConverged
from tests.app.bench import Bench, a_service, a_set, with_claim

Tab = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def full(bench: Bench, monkeypatch) -> None:
    monkeypatch.delenv("MINISETS_NAMESPACE", raising=False)
    monkeypatch.setattr("minisets.engine.docker_engine.connect", lambda _: bench.engine)
    monkeypatch.setattr(bench.engine, "close", lambda: None, raising=False)
    bench.apply(with_claim(a_set(replicas=2)), a_service())
    bench.apply(a_set("db", 1), a_service("db", "db"), namespace="team")


@pytest.fixture
def tab() -> Tab:
    def press(*words: str) -> list[str]:
        *args, incomplete = words
        shell = ShellComplete(cli, {}, "minisets", complete.VARIABLE)
        return [item.value for item in shell.get_completions(args, incomplete)]

    return press


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["get", "stat"], ["statefulsets"]),
        (["get", "sts,po"], ["sts,pods"]),
        (["delete", "po,svc,stat"], ["po,svc,statefulsets"]),
        (["get", "sts,stat"], []),
        (["wait", "po"], ["pods"]),
        (["label", "serv"], ["services"]),
        (["set", "env", ""], ["sts/web"]),
        (["rollout", "undo", "sts", ""], ["web"]),
        (["he"], ["help"]),
        (["get", "pods", ""], ["web-0", "web-1"]),
        (["get", "pods", "web-0", ""], ["web-1"]),
        (["get", "sts,svc", ""], ["web"]),
        (["get", "pod/"], ["pod/web-0", "pod/web-1"]),
        (["get", "sts", "-n", "team", ""], ["db"]),
        (["-n", "team", "get", "sts", ""], ["db"]),
        (["-n", "t"], ["team"]),
        (["get", "pods", "-n", ""], ["default", "team"]),
        (["delete", "pvc", ""], ["data-web-0", "data-web-1"]),
        (["delete", "ns", ""], ["default", "team"]),
        (["logs", ""], ["web-0", "web-1"]),
        (["logs", "-n", "team", ""], ["db-0"]),
        (["exec", "web-0", "-c", ""], ["app"]),
        (["logs", "web-0", "-c", ""], ["app"]),
        (["cp", ""], ["web-0", "web-1"]),
        (["scale", ""], ["sts/web"]),
        (["scale", "sts", ""], ["web"]),
        (["rollout", "undo", "s"], ["sts/web"]),
        (["rollout", "restart", "sts/web", ""], []),
        (["set", "image", ""], ["sts/web"]),
        (["set", "image", "sts/web", ""], ["app="]),
        (["set", "image", "statefulset", "web", ""], ["app="]),
        (["set", "image", "sts", ""], ["web"]),
        (["explain", "sts.spec.vol"], ["sts.spec.volumeClaimTemplates"]),
        (["explain", "conf"], ["configmaps"]),
        (["explain", "zzz.spec."], []),
        (["explain", "sts.zzz."], []),
        (["get", "zzz", ""], []),
        (["get", "zzz/"], []),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["get", "-o", "ya"], ["yaml"]),
        (["doc"], ["doctor"]),
        (["scale", "--repl"], ["--replicas"]),
    ],
)
def test_words_are_completed(tab, words, found):
    assert tab(*words) == found


def test_all_stands_beside_the_types(tab):
    assert {"all", "pods", "services"} <= set(tab("get", ""))


def test_files_are_left_to_the_shell():
    shell = ShellComplete(cli, {}, "minisets", complete.VARIABLE)

    (item,) = shell.get_completions(["apply", "-f"], "web")

    assert (item.type, item.value) == ("file", "web")


def test_contexts_are_those_of_docker(tab, monkeypatch, tmp_path):
    meta = tmp_path / "contexts" / "meta"
    for name, text in {"a": '{"Name": "remote"}', "b": "no json", "c": "{}"}.items():
        (meta / name).mkdir(parents=True)
        (meta / name / "meta.json").write_text(text)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    assert tab("get", "--context", "") == ["default", "remote"]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_can_be_completed_anywhere(tab, verb):
    for words in ([verb, ""], [verb, "-"], [verb, "x", ""], [verb, "x/y", ""], [verb, "--", ""]):
        assert isinstance(tab(*words), list)


def test_an_engine_that_is_not_there_has_no_names_and_no_words(tab, monkeypatch, capfd):
    def refuse(_: object) -> None:
        raise EngineUnreachable("away")

    monkeypatch.setattr("minisets.engine.docker_engine.connect", refuse)

    assert tab("logs", "") == []
    assert capfd.readouterr() == ("", "")


def test_an_engine_that_does_not_answer_is_not_waited_for(tab, monkeypatch):
    never = threading.Event()
    monkeypatch.setattr("minisets.engine.docker_engine.connect", lambda _: never.wait())
    monkeypatch.setattr(complete, "_LIMIT_SECONDS", 0.01)

    assert tab("logs", "") == []
    never.set()


def test_cobras_protocol_ends_with_what_the_shell_is_to_do(capsys):
    complete.print_for_cobra(cli, ["get", "pods", "web-"])
    assert capsys.readouterr().out == "web-0\nweb-1\n:4\n"
    complete.print_for_cobra(cli, ["roll"])
    assert capsys.readouterr().out.startswith("rollout\tFollow")
    complete.print_for_cobra(cli, ["apply", "-f", ""])
    assert capsys.readouterr().out == ":0\n"
    complete.print_for_cobra(cli, [])
    assert "get\t" in capsys.readouterr().out


def test_pods_that_could_not_be_made_are_offered_too(bench: Bench, tab: Tab):
    bench.engine.fail("create_container", error=EngineError("no space left"))
    with pytest.raises(NotConverged):
        scale(bench.command(), "default", "web", 3)
    assert tab("describe", "pod", "") == ["web-0", "web-1", "web-2"]


def test_the_sandbox_of_a_pod_is_no_container_to_choose(bench: Bench, tab: Tab):
    ensure_pause_image(bench.engine)
    several = a_set("duo", 1)
    main = several["spec"]["template"]["spec"]["containers"][0]
    several["spec"]["template"]["spec"]["containers"] = [main, {**main, "name": "side"}]
    bench.apply(several)
    assert tab("logs", "duo-0", "-c", "") == ["app", "side"]
    assert tab("set", "image", "sts/duo", "s") == ["side="]
