"""What the options of the other commands do, and those by which commands choose their objects."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from minisets.app.apply import Applied, ApplyOptions
from minisets.app.loop.drive import Drive
from minisets.core.network.publishing import PublishFlags
from minisets.core.observed import Usage
from tests.app.bench import Bench, a_service, a_set, with_claim
from tests.app.conftest import CommandLine

OTHER = {**a_set("db", 1), "metadata": {"name": "db", "labels": {"tier": "data"}}}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A folder with the set db in it, and the set web in a folder below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "db.yaml").write_text(yaml.safe_dump(OTHER))
    (tmp_path / "below" / "web.yaml").write_text(yaml.safe_dump(a_set()))
    return str(tmp_path)


@pytest.fixture(autouse=True)
def two_sets(bench: Bench) -> None:
    bench.apply(a_set(), a_service(), OTHER, a_service("db", "db"))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["sts/db"], ["db"]),
        (["sts", "web", "db"], ["web", "db"]),
        (["sts", "-l", "tier=data"], ["db"]),
        (["sts", "--field-selector=metadata.name=web"], ["web"]),
        (["sts", "--all"], ["db", "web"]),
        (["sts", "-A", "--all"], ["db", "web", "far"]),
        (["-f", "FOLDER"], ["db"]),
        (["-f", "FOLDER", "-R"], ["web", "db"]),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["rollout", "history"],
        ["rollout", "restart"],
        ["rollout", "undo", "--wait=false"],
        ["rollout", "status"],
        ["scale", "--replicas=0"],
        ["set", "image", "app=app:2"],
        ["set", "env", "A=new"],
        ["set", "resources", "--limits=cpu=1"],
        ["label", "a=b"],
        ["annotate", "a=b"],
        ["wait", "--for=create"],
    ],
)
def test_every_command_chooses_its_objects_alike(
    bench: Bench, minisets: CommandLine, folder, monkeypatch, command, words, names
):
    driven: list[str] = []

    def run(drive: Drive, **_: object) -> bool:
        driven.extend(target.name for target in drive._targets)
        return True

    bench.apply(a_set("far", 1), a_service("far", "far"), namespace="team")
    bench.engine.images["app:2"] = bench.engine.images["minisets/demo:1"]
    if "undo" in command:
        minisets("set", "env", "sts", "--all", "-A", "A=b")
    bench.engine.tick(2)
    if "wait" not in command:
        monkeypatch.setattr(Drive, "run", run)

    done = minisets(*command, *(folder if word == "FOLDER" else word for word in words))

    assert done.exit_code == 0, done.output
    told = [line.split()[0].rpartition("/")[2] for line in done.stdout.splitlines() if "/" in line]
    assert (driven if "status" in command else told) == names


def test_lists_of_types_have_headers_or_none(minisets: CommandLine):
    assert minisets("api-resources").stdout.startswith("NAME ")
    assert not minisets("api-resources", "--no-headers").stdout.startswith("NAME ")


def test_the_options_of_apply_reach_it(minisets: CommandLine, monkeypatch, folder):
    found = []

    def apply(
        _context: object, objects: list[object], options: ApplyOptions, _tell: object
    ) -> Applied:
        found.append((len(objects), options))
        return Applied(is_done=True)

    monkeypatch.setattr("minisets.app.apply.apply", apply)

    done = minisets(
        *("apply", "-R", "-f", folder, "--platform=linux/arm64", "--refresh-images"),
        *("--pull=never", "--wait=false", "--timeout=9s"),
        *("--publish", "db=8080:80", "--publish-address", "0.0.0.0"),  # noqa: S104
    )

    assert done.exit_code == 0, done.output
    ((count, options),) = found
    assert (count, options.platform, options.refresh_images) == (2, "linux/arm64", True)
    assert (options.pull, options.wait, options.timeout_seconds) == ("never", False, 9)
    assert options.publish == PublishFlags(ports=("db=8080:80",), address="0.0.0.0")  # noqa: S104


def test_attach_passes_input_on_a_word(minisets: CommandLine, monkeypatch):
    found = []

    def attach(*_: object, stdin: bool, container: str | None, **__: object) -> None:
        found.append((stdin, container))

    monkeypatch.setattr("minisets.app.streams.attach", attach)

    minisets("attach", "web-0")
    done = minisets("attach", "web-0", "-i", "-t", "-c", "app")

    assert found == [(False, None), (True, "app")]
    assert "try pressing enter" in done.stderr


def test_cp_keeps_permissions_unless_told_otherwise(minisets: CommandLine, monkeypatch, folder):
    found = []

    def upload(*_: object, keeps_modes: bool) -> None:
        found.append(keeps_modes)

    monkeypatch.setattr("minisets.app.copy.PodFiles.upload", upload)

    assert minisets("cp", folder, "web-0:/a").exit_code == 0
    assert minisets("cp", folder, "web-0:/a", "--no-preserve").exit_code == 0
    assert minisets("cp", folder, "web-0:/a", "--no-preserve=false").exit_code == 0
    assert found == [True, False, True]


def test_secrets_are_made_of_files_of_variables_and_of_a_type(minisets: CommandLine, tmp_path):
    (tmp_path / "x.env").write_text("A=1\n")
    made = ("create", "secret", "generic", "x", "--from-env-file", str(tmp_path / "x.env"))

    done = minisets(*made, "--type=example.com/x", "--dry-run=client", "-o", "json")

    found = json.loads(done.stdout)
    assert (found["type"], found["data"]) == ("example.com/x", {"A": "MQ=="})
    assert "--append-hash is not supported" in minisets(*made, "--append-hash").stderr


def test_secrets_of_registries_carry_the_address_of_their_user(minisets: CommandLine):
    done = minisets(
        *("create", "secret", "docker-registry", "x", "--docker-username=me"),
        *("--docker-password=word", "--docker-email=me@example.com", "--dry-run=client"),
        *("--docker-server=registry.example.com", "-o=json"),
    )

    config = json.loads(base64.b64decode(json.loads(done.stdout)["data"][".dockerconfigjson"]))
    assert config["auths"]["registry.example.com"]["email"] == "me@example.com"


def test_secrets_of_certificates_need_both_files(minisets: CommandLine, tmp_path):
    (tmp_path / "a").write_text("no certificate")

    done = minisets(
        *("create", "secret", "tls", "x", "--cert", str(tmp_path / "a"), "--key"),
        *(str(tmp_path / "none"), "--dry-run=client", "-o=name"),
    )

    assert (done.exit_code, done.stdout) == (2, "")
    assert str(tmp_path) in done.stderr


def test_created_objects_are_printed_as_names(minisets: CommandLine):
    assert minisets("create", "namespace", "x", "-o", "name").stdout == "namespace/x\n"
    assert minisets("create", "configmap", "x", "--append-hash").exit_code == 2


def test_what_is_read_may_be_in_folders_of_folders(minisets: CommandLine, folder):
    for verb in ("describe", "diff", "get"):
        assert "web" not in minisets(verb, "-f", folder).stdout
    assert "sts/web" not in minisets("get", "-f", folder, "-R").stdout
    assert "\nweb " in minisets("get", "-f", folder, "--recursive").stdout
    assert minisets("describe", "-f", folder, "-R").stdout.startswith("Name:               web\n")
    assert minisets("diff", "-f", folder, "-R").exit_code == 0


def test_events_are_described_unless_told_otherwise(minisets: CommandLine):
    assert "Events:" in minisets("describe", "pod", "web-0").stdout
    assert "Events:" not in minisets("describe", "pod", "web-0", "--show-events=false").stdout


def test_get_shows_types_and_refuses_missing_keys_on_a_word(minisets: CommandLine):
    assert "pod/web-0 " in minisets("get", "pods", "--show-kind").stdout
    words = ("get", "pods", "-o", "jsonpath={.items[0].nothing}")
    assert minisets(*words).exit_code == 0
    assert minisets(*words, "--allow-missing-template-keys=false").exit_code == 2
    more = ("--show-managed-fields", "--chunk-size=5", "-v=0")
    assert minisets("get", "pods", *more).stdout.count("web-") == 3


@pytest.mark.parametrize(("word", "is_silent"), [("-w", False), ("--watch-only", True)])
def test_only_what_changes_is_watched_on_a_word(
    minisets: CommandLine, monkeypatch, word, is_silent
):
    found = []

    def watch(*_: object, is_silent_first: bool, has_events: bool, **__: object) -> None:
        found.append((is_silent_first, has_events))

    monkeypatch.setattr("minisets.cli.watching.watch_objects", watch)

    minisets("get", "pods", word)
    minisets("get", "pods", word, "--output-watch-events")

    assert found == [(is_silent, False), (is_silent, True)]


def test_logs_end_after_so_many_bytes(bench: Bench, minisets: CommandLine):
    bench.engine.say("web-0", "hello world")

    assert minisets("logs", "web-0", "--limit-bytes=5").stdout.strip() == "hello"


def test_usage_is_sorted_and_has_headers_or_none(bench: Bench, minisets: CommandLine):
    for n in range(3):
        usage = Usage(cores=0.3 - n / 10, memory_bytes=(n + 1) << 20)
        bench.engine.container(f"web-{n}").usage = usage

    def first(*words: str) -> str:
        done = minisets("top", "pods", "-l", "app=web", "--no-headers", *words)
        assert done.exit_code == 0, done.output
        return str(done.stdout.split()[0])

    assert minisets("top", "pods", "-l", "app=web").stdout.startswith("NAME")
    assert (first("--sort-by=cpu"), first("--sort-by=memory")) == ("web-0", "web-2")


@pytest.mark.parametrize("words", [["-q"], ["--quiet"], ["--progress=quiet"], ["-q=true"]])
def test_nothing_is_told_but_results(minisets: CommandLine, words):
    done = minisets("scale", "sts/db", "--replicas=2", *words)

    assert (done.stdout, done.stderr) == ("statefulset.apps/db scaled\n", "")
    assert minisets(*words, "get", "pod", "none").stderr != ""


def test_hints_say_where_they_act(bench: Bench, minisets: CommandLine, monkeypatch):
    bench.apply(a_set("db", 1), a_service("db", "db"), namespace="team")

    def hint(*words: str) -> str:
        return str(minisets("scale", "sts/db", "--replicas=1", *words).stderr.splitlines()[-1])

    assert hint() == "next: minisets get pods"
    assert hint("-n", "team") == "next: minisets get pods -n team"
    assert hint("-n=default") == "next: minisets get pods"
    monkeypatch.setenv("MINISETS_NAMESPACE", "team")
    assert hint() == "next: minisets get pods"
    assert hint("-n=default") == "next: minisets get pods -n default"


def test_doctor_and_describe_speak_of_commands_as_they_are_typed(
    bench: Bench, minisets: CommandLine, monkeypatch
):
    minisets("stop", "sts/db")

    assert "with: minisets start sts/db\n" in minisets("describe", "sts", "db").stdout
    bench.remove_by_hand("web-1")
    monkeypatch.setenv("MINISETS_NAMESPACE", "team")
    assert "sts/db -n default\n" in minisets("describe", "sts", "db", "-n=default").stdout
    assert "remedy: minisets start sts/web -n default\n" in minisets("doctor").stdout


def test_what_is_in_the_files_no_more_is_pruned_and_volumes_stay(
    bench: Bench, minisets: CommandLine, tmp_path
):
    labels = {"labels": {"app": "web"}}
    old = {**a_service("old"), "metadata": {"name": "old", **labels}}
    gone = {**with_claim(a_set("gone", 1)), "metadata": {"name": "gone", **labels}}
    bench.apply(old, gone, a_service("other"))
    minisets("create", "configmap", "made", "--from-literal=a=b")
    minisets("label", "cm/made", "app=web")
    (tmp_path / "web.yaml").write_text(yaml.safe_dump({**OTHER, "metadata": {"name": "db"}}))
    words = ("apply", "-f", str(tmp_path / "web.yaml"), "--prune")

    dry = minisets(*words, "-l", "app=web", "--dry-run=server")
    assert dry.stdout.splitlines()[-2:] == [
        "statefulset.apps/gone pruned (dry run)",
        "service/old pruned (dry run)",
    ]
    names = ["statefulset.apps/db", "statefulset.apps/gone", "service/old"]
    assert minisets(*words, "-l=app=web", "--dry-run", "-o", "name").stdout.splitlines() == names
    assert "gone-0" in bench.running
    done = minisets(*words, "--selector=app=web", "-o", "name")
    assert done.stdout.splitlines() == names
    assert ("gone-0" in bench.pods, "data-gone-0" in bench.claims) == (False, True)
    assert "service/other pruned" in minisets(*words, "--all").stdout
    assert minisets("get", "cm/made").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prune"], "pass the --all flag"),
        (["--prune", "--all", "-l", "a=b"], "cannot set --all and --selector"),
        (["-l", "a=b"], "--prune is not given"),
        (["--all"], "--prune is not given"),
        (["-o", "yaml"], "We only support '-o name'"),
    ],
)
def test_pruning_says_what_it_may_take(minisets: CommandLine, folder, words, said):
    done = minisets("apply", "-f", folder, *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_flags_of_kubectl_are_answered_where_a_command_lacks_them(minisets: CommandLine):
    assert "minisets apply -f x.yaml" in minisets("create", "-f", "x.yaml").stderr
    assert "volumes stay" in minisets("apply", "-f", "x.yaml", "--force").stderr
    assert "waits have `--timeout`" in minisets("get", "po", "--request-timeout=5s").stderr
    assert minisets("get", "pods", "-v=6").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("label", "sts/web", "--list"),
        ("label", "sts/web", "a=b", "--dry-run=server"),
        ("set", "env", "sts/web", "--list"),
        ("apply", "-f", "FOLDER", "--prune", "--all", "--dry-run=server"),
    ],
    ids=" ".join,
)
def test_lists_and_dry_runs_write_no_lost_record_down(
    bench: Bench, minisets: CommandLine, folder: str, words: tuple[str, ...]
):
    bench.prune_volumes()
    minisets(*(folder if word == "FOLDER" else word for word in words))
    assert bench.records == []
