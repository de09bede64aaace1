import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest
from click.testing import CliRunner, Result

from minisets.app.apply import Applied
from minisets.cli import apply as apply_module
from minisets.cli.command import DURATION, Command, Family, Settings, to_click_spelling
from minisets.cli.main import COMMANDS, cli, exit_code_of
from minisets.cli.version import parse_ping, ping
from minisets.errors import (
    EngineUnreachable,
    InputError,
    ManifestError,
    MinisetsError,
    NotConverged,
    NotFound,
    Problem,
)

MANIFEST = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "web:1"}
"""


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(words), input=stdin)


def command(verb: str) -> Command | Family:
    found = cli.get_command(click.Context(cli), verb)
    assert isinstance(found, (Command, Family))
    return found


def subcommands(verb: str) -> list[tuple[str, str]]:
    found = command(verb)
    return [(verb, name) for name in sorted(found.commands)] if isinstance(found, Family) else []


@pytest.fixture(autouse=True)
def no_namespace_variable(monkeypatch):
    monkeypatch.delenv("MINISETS_NAMESPACE", raising=False)


@pytest.fixture
def no_engine(monkeypatch):
    def refuse(*_):
        raise EngineUnreachable("no Docker Engine answers", hint="start Docker")

    for verb in ("apply", "delete", "get", "scale", "streams"):
        monkeypatch.setattr(f"minisets.cli.{verb}.open_context", refuse)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_help_with_an_example(verb):
    result = run(verb, "--help")

    assert result.exit_code == 0
    assert "Examples:\n  " in result.stdout
    assert "--namespace" in result.stdout
    assert len(command(verb).help or "") > 20


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_example_can_be_parsed(verb):
    for example in command(verb).examples:
        line = example.rpartition("| ")[2].partition(" < ")[0]
        program, found, *words = shlex.split(line)

        assert (program, found) == ("minisets", verb)
        chosen: click.Command = command(verb)
        while isinstance(chosen, click.Group):
            chosen = chosen.commands[words.pop(0)]
        chosen.make_context(verb, words)


@pytest.mark.parametrize(
    "words",
    [words for verb in COMMANDS for words in subcommands(verb)],
)
def test_every_subcommand_has_help_with_an_example(words):
    result = run(*words, "--help")

    assert result.exit_code == 0
    assert "Examples:\n  " in result.stdout
    assert "--namespace" in result.stdout


def test_help_of_the_group_lists_every_command():
    result = run("--help")

    assert result.exit_code == 0
    assert all(f"  {verb} " in result.stdout for verb in COMMANDS)


@pytest.mark.parametrize(
    ("words", "namespace"),
    [
        (["-n", "team", "probe"], "team"),
        (["probe", "-n", "team"], "team"),
        (["-n", "other", "probe", "--namespace=team"], "team"),
        (["probe"], "default"),
    ],
)
def test_global_options_stand_before_or_after_the_verb(words, namespace, monkeypatch):
    seen = []
    probe = Command("probe", callback=lambda: seen.append(click.get_current_context().obj))
    monkeypatch.setattr(cli, "get_command", lambda *_: probe)
    monkeypatch.setitem(COMMANDS, "probe", ("", ""))

    result = run(*words)

    assert (result.exit_code, result.stderr) == (0, "")
    assert seen[0].namespace == namespace


def test_the_variable_names_the_namespace_where_no_option_does(monkeypatch):
    monkeypatch.setenv("MINISETS_NAMESPACE", "team")

    assert Settings().namespace == "team"
    assert Settings(namespace_given="default").namespace == "default"


def test_a_namespace_that_cannot_be_is_refused():
    result = run("get", "pods", "-n", "Team_1")

    assert result.exit_code == 2
    assert result.stderr.startswith('error: "Team_1" is no name of a namespace\nhint: ')


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["--wait=false"], ["--no-wait"]),
        (["--wait=true"], ["--wait"]),
        (["--no-wait=false"], ["--wait"]),
        (["-R", "--recursive=false"], []),
        (["-R=false"], []),
        (["-R=true", "-n=team"], ["-R", "-n", "team"]),
        (["-Rvn=team", "-nteam", "-n="], ["-R", "-v", "-n", "team", "-n", "team", "-n", ""]),
        (["-f", "-R=false", "-f-"], ["-f", "-R=false", "-f", "-"]),
        (["-xR", "word=a"], ["-xR", "word=a"]),
        (["--dry-run", "-f", "x"], ["--dry-run=auto", "-f", "x"]),
        (["--dry-run=server"], ["--dry-run=server"]),
        (["--", "--wait=false"], ["--", "--wait=false"]),
        (["--timeout=5m"], ["--timeout=5m"]),
    ],
)
def test_flags_are_spelt_as_kubectl_spells_them(written, read):
    assert to_click_spelling(command("apply").params, written) == read


def test_a_flag_is_true_or_false():
    result = run("apply", "-f", "-", "--wait=perhaps")

    assert result.exit_code == 2
    assert "perhaps" in result.stderr


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1m30s", 90),
        ("2h", 7200),
        ("1.5h", 5400),
        ("300ms", 0.3),
        ("45", 45),
        ("0", 0),
    ],
)
def test_durations_are_those_of_go(text, seconds):
    assert DURATION.convert(text, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5x", "m", "1m 30s", "-5s", "5s5"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(click.UsageError):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("wrong"), 2),
        (NotFound("gone"), 1),
        (EngineUnreachable("away"), 3),
        (NotConverged("late"), 4),
        (MinisetsError("odd"), 70),
    ],
)
def test_errors_have_their_exit_codes(error, code, capsys):
    def fail() -> int:
        error.hint = "do this"
        raise error

    assert exit_code_of(fail, Settings(), []) == code
    assert capsys.readouterr().err == f"error: {error}\nhint: do this\n"


def test_an_interruption_says_how_to_go_on(capsys):
    def interrupt() -> int:
        raise click.Abort

    assert exit_code_of(interrupt, Settings(), ["apply", "-f", "my file.yaml"]) == 130
    said = capsys.readouterr().err
    assert "nothing is lost" in said
    assert said.endswith("minisets apply -f 'my file.yaml'\n")


def test_what_would_do_something_else_again_is_followed_up_by_what_goes_on(capsys):
    settings = Settings()
    settings.begun = ["minisets rollout status sts/web -n team"]
    settings.left = ["sts/db"]

    def interrupt() -> int:
        raise click.Abort

    assert exit_code_of(interrupt, settings, ["rollout", "undo", "sts/web", "sts/db"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == (
        "hint: to go on from here: minisets rollout status sts/web -n team; not begun yet: sts/db"
    )


@pytest.mark.parametrize("expected", [["--current-replicas=3"], ["--current-replicas", "3"]])
def test_an_interrupted_scale_goes_on_whatever_the_number_was(expected, capsys):
    def interrupt() -> int:
        raise click.Abort

    words = ["scale", "sts/web", *expected, "--replicas=5"]
    assert exit_code_of(interrupt, Settings(), words) == 130
    said = capsys.readouterr().err
    assert said.endswith("hint: to go on from here: minisets scale sts/web --replicas=5\n")


def test_an_interrupted_reader_needs_no_words(capsys):
    def interrupt() -> int:
        raise click.Abort

    assert exit_code_of(interrupt, Settings(), ["-n", "team", "logs", "-f", "web-0"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("is_debug", [False, True])
def test_an_unexpected_error_shows_its_traceback_only_when_asked(is_debug, capsys):
    def fail() -> int:
        raise ZeroDivisionError("by zero")

    assert exit_code_of(fail, Settings(debug=is_debug), []) == 70
    said = capsys.readouterr().err
    assert "error: internal: ZeroDivisionError: by zero" in said
    assert "--debug" in said
    assert ("Traceback" in said) is is_debug


def test_a_reader_that_has_gone_is_no_error(monkeypatch):
    def fail() -> None:
        raise BrokenPipeError

    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr(cli, "get_command", lambda *_: Command("get", callback=fail))

    result = run("get")

    assert (result.exit_code, result.stderr) == (141, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["aply"],
            'error: unknown command "aply" for "minisets"\nhint: did you mean: minisets apply\n',
        ),
        (["frobnicate"], "hint: minisets --help\n"),
        (
            ["get", "podd"],
            'error: there is no resource type "podd" here\nhint: did you mean pod?\n',
        ),
        (
            ["patch", "sts", "web"],
            'error: there is no command "patch" in "minisets"\nhint: `edit`, `apply`, `scale`, ',
        ),
        (
            ["get", "deploy"],
            "error: there are no deployments here: minisets runs StatefulSets only\n"
            "hint: minisets get sts\n",
        ),
        (["get", "pods,Nodes"], "error: there are no nodes here: there is one machine"),
        (["get", "ingresses.networking.k8s.io"], "hint: minisets get svc -o wide\n"),
        (["describe", "endpoints/web"], "error: there are no endpoints here: the names of Serv"),
        (["get", "crd"], "hint: the types are: sts, po, "),
        (["scale", "rs/web", "--replicas=1"], "error: there are no replicasets here: "),
        (
            ["rollout", "pause", "sts/web"],
            'error: there is no command "pause" in "minisets rollout"\nhint: kubectl pauses ',
        ),
        (
            ["rollout", "staus", "sts/web"],
            'error: unknown command "staus" for "minisets rollout"\n'
            "hint: did you mean: minisets rollout status\n",
        ),
        (["top", "nodes"], "hint: there is one machine; `doctor` tells"),
        (["create", "deployment", "web"], "hint: minisets runs StatefulSets only\n"),
        (["set", "frobnicate"], "hint: minisets set --help\n"),
        (
            ["apply", "-k", "."],
            "error: there is no flag -k here\nhint: `kubectl kustomize . | minisets apply -f -`\n",
        ),
        (["apply", "--server-side", "-f", "x"], "error: there is no flag --server-side here\n"),
        (["get", "pods", "--frobnicate"], "hint: minisets get --help\n"),
        (["get", "xyz"], "hint: the types are: sts, po, pvc, svc, cm, secret, ns, sc, pv, "),
        (["get"], "hint: minisets get --help\n"),
        (["get", "pods", "web-0", "-A"], "leave out -A or the name"),
        (["apply"], "Missing option '-f'"),
        (["apply", "-f", "x", "--pull=sometimes"], "sometimes"),
        (["apply", "-f", "x", "--timeout=soon"], "'soon' is no length of time"),
        (["scale", "sts/web"], "Missing option '--replicas'"),
        (["scale", "sts/web", "--replicas=-1"], "--replicas"),
        (["scale", "pod/web-0", "--replicas=1"], 'no resource type "pod"'),
        (["scale", "sts", "--replicas=1"], "no name was specified"),
        (["stop", "pod/web-0"], 'no resource type "pod"'),
        (["delete"], "You must provide one or more resources by argument or filename"),
        (["delete", "sts"], "hint: sts NAME, --all, or -l LABELS"),
        (["delete", "sts", "web", "-f", "x"], "give either TYPE NAME... or -f FILE"),
        (["delete", "-f", "x", "-A"], "-f names its objects"),
        (["delete", "sts", "web", "--all"], "name cannot be provided when a selector is"),
        (["delete", "sts", "web", "-A"], "by name across all namespaces"),
        (["delete", "sts", "--all", "-l", "a=b"], "cannot set --all and --selector"),
        (["delete", "sts", "--all", "--field-selector=metadata.name=b"], "--field-selector at"),
        (["delete", "sts", "web", "-o", "yaml"], "unexpected -o output mode: yaml"),
        (["delete", "sts", "web", "--now", "--grace-period=3"], "--now and --grace-period"),
        (["delete", "sts", "web", "--force", "--grace-period=3"], "--force and --grace-period"),
        (["delete", "ns", "--all"], "namespaces are deleted by name"),
        (["delete", "sts/web", "db"], '"db" is not TYPE/NAME'),
        (["delete", "sts/"], '"sts/" is not TYPE/NAME'),
        (["exec", "web-0", "ls"], "Use exec [POD] -- [COMMAND] instead"),
        (["exec", "web-0", "ls", "-l"], "Use exec [POD] -- [COMMAND] instead"),
        (["exec", "web-0"], "you must specify at least one command for the container"),
        (["exec", "-it", "web-0"], "you must specify at least one command for the container"),
        (["apply", "app.yaml"], "unexpected argument: app.yaml"),
        (["diff", "x/a.yml", "b.json"], "unexpected arguments: x/a.yml b.json"),
        (["exec", "web-0", "ls", "--", "-l"], "unexpected extra argument (ls)"),
        (["exec", "web-0", "--"], "at least one command"),
        (["exec", "--", "ls"], "Missing argument"),
        (["exec", "pvc/www", "--", "ls"], 'no resource type "pvc"'),
        (["logs"], "POD or TYPE/NAME is a required argument"),
        (["logs", "web-0", "-l", "app=web"], "only a selector (-l) or a POD name"),
        (["logs", "web-0", "nginx", "-c", "nginx"], "only one of -c or an inline"),
        (["logs", "web-0", "-c", "nginx", "--all-containers"], "should not be specified"),
        (["logs", "web-0", "--since=1m", "--since-time=2026-01-31T12:00:00Z"], "at most one of"),
        (["logs", "web-0", "--since-time=noon"], "'noon' is no time"),
        (["logs", "web-0", "-f", "-p"], "only one of follow (-f) or previous (-p)"),
        (["logs", "sts/"], "for example sts/web"),
        (["cp", "a", "b"], "one of src or dest must be a remote file specification"),
        (["cp", "web-0:/a", "web-1:/b"], "one of src or dest must be a local file"),
        (["cp", "web-0:", "b"], "filespec must match the canonical format"),
        (["cp", ":/a", "b"], "filespec must match the canonical format"),
        (["top", "pods", "web-0", "-A"], "leave out -A"),
    ],
)
@pytest.mark.usefixtures("no_engine")
def test_wrong_words_are_refused_before_anything_is_touched(words, said):
    result = run(*words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stdout == ""


@pytest.mark.usefixtures("no_engine")
def test_no_engine_is_exit_code_3_with_what_to_do():
    result = run("get", "pods")

    assert result.exit_code == 3
    assert result.stderr == "error: no Docker Engine answers\nhint: start Docker\n"


@pytest.mark.usefixtures("no_engine")
def test_a_broken_manifest_is_reported_before_the_engine_is_asked(tmp_path):
    file = tmp_path / "web.yaml"
    file.write_text(MANIFEST.replace("image:", "imagee:"))

    result = run("apply", "-f", str(file))

    assert result.exit_code == 2
    assert f"{file}:10:" in result.stderr
    assert '   10 |         - {name: web, imagee: "web:1"}\n' in result.stderr
    assert "^" in result.stderr


@pytest.mark.usefixtures("no_engine")
def test_a_dry_run_needs_no_engine():
    alone = run("apply", "--dry-run", "-f", "-", stdin=MANIFEST)
    client = run("apply", "--dry-run=client", "-f", "-", stdin=MANIFEST)
    server = run("apply", "--dry-run=server", "-f", "-", stdin=MANIFEST)

    assert (alone.exit_code, client.exit_code, server.exit_code) == (0, 0, 3)
    assert "web created (dry run)" in client.stdout
    assert alone.stdout == client.stdout
    assert "notice: no Docker Engine answers" in alone.stderr


def test_apply_prints_verbs_on_stdout_and_the_next_command_on_stderr(monkeypatch):
    asked = []

    def fake(context, objects, options, tell):
        asked.append((objects[0].namespace, options))
        tell("StatefulSet", "web", "created")
        return Applied(is_done=True, places=("127.0.0.1:80 -> web-0",))

    @contextmanager
    def nothing(*_: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(apply_module, "open_context", nothing)
    monkeypatch.setattr("minisets.app.apply.apply", fake)

    result = run("apply", "-n", "team", "-f", "-", "--timeout=1m", "--pull=never", stdin=MANIFEST)

    assert result.exit_code == 0
    assert result.stdout == "statefulset.apps/web created\n"
    assert result.stderr.endswith("127.0.0.1:80 -> web-0\nnext: minisets get all -n team\n")
    namespace, options = asked[0]
    assert (namespace, options.timeout_seconds, options.pull, options.applied_from) == (
        "team",
        60.0,
        "never",
        "",
    )


def test_several_problems_are_counted_and_shown_with_their_lines(capsys):
    problems = (
        Problem(message="unknown field", path="spec.replica", file="a.yaml", line=1, column=3),
        Problem(message="no objects found in b.yaml", hint="write one"),
    )

    def fail() -> int:
        raise ManifestError(problems)

    assert exit_code_of(fail, Settings(), []) == 2
    assert capsys.readouterr().err == (
        "error: 2 problems in the manifests; nothing was touched\n\n"
        "a.yaml:1:3: spec.replica: unknown field\n\n"
        "no objects found in b.yaml\nhint: write one\n"
    )


def test_version_needs_no_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    text, data = run("version"), run("version", "-o", "json")

    assert (text.exit_code, data.exit_code) == (0, 0)
    assert f"Engine: not reachable at unix://{tmp_path}/none.sock" in text.stdout
    assert json.loads(data.stdout)["engine"]["reachable"] is False
    assert run("version", "--client").stdout == text.stdout.splitlines(keepends=True)[0]


def test_a_ping_tells_the_versions():
    headers = {"api-version": "1.41", "server": "Docker/20.10.24+dfsg1 (linux)"}

    assert parse_ping(headers) == {"version": "20.10.24+dfsg1", "apiVersion": "1.41"}
    assert parse_ping({"server": "nginx"}) is None
    assert ping("/nowhere/docker.sock") is None


@pytest.mark.parametrize("words", [[], ["rollout"], ["top"], ["create", "secret"]])
def test_half_a_command_asks_what_there_is(capsys, words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    shown = capsys.readouterr()
    assert (ended.value.code, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: {' '.join(['minisets', *words])} ")


@pytest.mark.parametrize(
    ("flag", "code", "said"),
    [
        ("--validate", 2, 'error: <stdin>:5:3: spec.replicaz: unknown field "replicaz"'),
        ("--validate=true", 2, 'unknown field "replicaz"'),
        ("--validate=warn", 0, 'notice: <stdin>:5: statefulset/web: unknown field "replicaz" is'),
        ("--validate=ignore", 0, ""),
        ("--validate=false", 0, ""),
    ],
)
def test_validate_says_what_becomes_of_unknown_fields(flag: str, code: int, said: str):
    text = MANIFEST.replace("spec:\n", "spec:\n  replicaz: 3\n", 1)
    done = run("apply", "-f", "-", "--dry-run=client", flag, stdin=text)
    assert done.exit_code == code
    assert said in done.stderr
    assert ("replicaz" in done.stderr) is bool(said)


@pytest.mark.parametrize("words", [["--help"], ["rollout", "--help"], ["stop", "--help"]])
def test_help_is_wrapped_between_words_on_a_narrow_terminal(monkeypatch, words: list[str]):
    monkeypatch.setenv("COLUMNS", "40")

    text = run(*words).stdout.partition("Examples:")[0]

    # The choices of an option are one word.
    assert [line for line in text.splitlines() if len(line) > 40 and "|" not in line] == []
    assert any(" MINISETS_NAMESPACE]" in line for line in text.splitlines())
