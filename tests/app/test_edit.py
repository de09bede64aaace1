"""edit, annotate and label through the command line, on an Engine in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from minisets.app.context import Context
from minisets.app.park import scale, stop
from minisets.cli.main import cli
from tests.app.bench import Bench, a_service, a_set, with_env

Editor = Callable[[str, str], None]


@pytest.fixture
def run(bench: Bench, monkeypatch) -> Callable[..., Result]:
    """Run a command line on the bench's Engine."""

    @contextmanager
    def open_context(*_: object) -> Iterator[Context]:
        yield bench.command()

    for module in ("edit", "metadata"):
        monkeypatch.setattr(f"minisets.cli.{module}.open_context", open_context)
    monkeypatch.delenv("MINISETS_NAMESPACE", raising=False)
    return lambda *words: CliRunner().invoke(cli, list(words))


@pytest.fixture
def editor(monkeypatch, tmp_path: Path) -> Editor:
    """Make an editor that replaces a text by another, and keeps what it was shown."""
    script = tmp_path / "editor.sh"
    # A copy that was refused stays for the user, but not after a test.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("KUBE_EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EDITOR", f"sh {script}")

    def edits(old: str, new: str) -> None:
        lines = [f'cat "$1" >> {tmp_path}/shown', f"sed -i 's|{old}|{new}|' \"$1\""]
        script.write_text("\n".join(lines) + "\n")

    return edits


def kept_by(result: Result) -> Path:
    """Return the file whose place was told."""
    return Path(result.stderr.partition("stored to ")[2].splitlines()[0])


def drafts(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("minisets-edit-*"))


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / "shown").read_text()


def test_an_edit_rolls_the_set_and_an_apply_later_leaves_it(bench, run, editor):
    bench.apply(a_set(), a_service())
    editor("replicas: 3", "replicas: 2")

    result = run("edit", "sts/web")

    assert (result.exit_code, result.stdout) == (0, "statefulset.apps/web edited\n")
    assert bench.running == ["web-0", "web-1"]
    # The file asks for three, and always did: what it says again wins, as in Kubernetes.
    bench.apply(a_set(), a_service())
    assert len(bench.running) == 3


def test_an_edit_of_what_no_file_speaks_of_survives_an_apply(bench, run, editor):
    bench.apply(a_set(), a_service())
    editor("revisionHistoryLimit: 10", "revisionHistoryLimit: 4")
    run("edit", "sts/web")

    bench.apply(a_set(), a_service())

    assert bench.facts().object["spec"]["revisionHistoryLimit"] == 4


def test_what_is_taken_out_in_the_editor_is_gone(bench, run, editor):
    bench.apply(with_env(a_set(replicas=1), MODE="a"), a_service())
    editor("- name: MODE", "- name: OTHER")

    assert run("edit", "sts", "web").exit_code == 0

    names = [
        entry["name"]
        for entry in bench.facts().object["spec"]["template"]["spec"]["containers"][0]["env"]
    ]
    assert names == ["OTHER"]


@pytest.mark.parametrize(("old", "new"), [("nothing of this", ""), (".*", "")])
def test_an_edit_without_a_change_cancels(bench, run, editor, old, new):
    bench.apply(a_set(), a_service())
    before = bench.facts()
    editor(old, new)

    result = run("edit", "sts/web")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("Edit cancelled, ")
    assert bench.facts() == before


def test_what_is_not_valid_is_shown_again_with_the_problem_and_kept_in_the_end(
    bench, run, editor, shown
):
    bench.apply(a_set(), a_service())
    before = bench.facts()
    editor("replicas: 3", "replicas: three")

    result = run("edit", "sts/web")

    assert result.exit_code == 2
    assert "Edit cancelled, no valid changes were saved." in result.stderr
    assert 'must be an integer, not the string "three"' in result.stderr
    assert "# error: " in shown()
    assert 'must be an integer, not the string "three"' in shown()
    assert "replicas: three" in kept_by(result).read_text()
    assert bench.facts() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  name: web$", "  name: other", "cannot be edited"),
        ("serviceName: web", "serviceName: other", "are forbidden"),
    ],
)
def test_what_cannot_change_is_refused(bench, run, editor, shown, old, new, said):
    bench.apply(a_set(), a_service())
    editor(old, new)

    result = run("edit", "sts/web")

    assert result.exit_code == 2
    assert said in shown()
    assert kept_by(result).exists()


def test_a_parked_set_stays_parked_when_it_is_edited(bench, run, editor):
    bench.apply(a_set(), a_service())
    stop(bench.command(), "default")
    editor("replicas: 3", "replicas: 1")

    assert run("edit", "sts/web").exit_code == 0

    assert (bench.pods, bench.facts().is_stopped) == ([], True)


def test_json_can_be_edited_too(bench, run, editor):
    bench.apply(a_set(), a_service())
    editor('"port": 80', '"port": 81')

    result = run("edit", "svc/web", "-o", "json")
    assert result.stdout == "service/web edited\n", result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["edit", "sts/none"], 'statefulsets.apps "none" not found'),
        (["edit", "sts"], "name one object"),
        (["edit", "sts/web", "sts/db"], "name one object"),
        (["edit", "pod/web-0"], 'no resource type "pod"'),
        (["label", "sts/web"], "at least one label update is required"),
        (["annotate", "sts/web"], "at least one annotation update is required"),
        (["label", "a=b"], "You must provide one or more resources"),
        (["label", "sts", "a=b"], "no name was specified"),
        (["label", "sts/web", "--all", "a=b"], "name cannot be provided when a selector"),
        (["label", "sts/web", "a=b", "--resource-version=1"], "have no resourceVersion"),
        (["label", "sts/web", "a=b", "-o", "yaml"], "We only support '-o name'"),
        (["label", "pod/web-0", "a=b"], "write them in the set's template"),
        (["annotate", "sts,po", "--all", "a=b"], "write them in the set's template"),
        (["label", "sts/web", "a=b", "a-"], "twice"),
        (["label", "sts/web", "a=not valid"], "metadata.labels"),
        (["annotate", "sts/web", "a b=1"], "metadata.annotations"),
        (["annotate", "pvc/data-web-0", "a=b"], "not found"),
    ],
)
def test_wrong_words_are_refused(bench, run, words, said):
    bench.apply(a_set(), a_service())

    result = run(*words)

    assert result.exit_code in {1, 2}
    assert said in result.stderr
    assert result.stdout == ""


def test_an_editor_that_is_not_there_is_named(bench, run, monkeypatch):
    bench.apply(a_set(), a_service())
    monkeypatch.setenv("KUBE_EDITOR", "/no/such/editor --wait")

    result = run("edit", "sts/web")

    assert result.exit_code == 2
    assert "/no/such/editor" in result.stderr


def test_labels_and_annotations_are_set_kept_and_removed(bench, run):
    bench.apply(a_set(), a_service())

    assert run("label", "sts/web", "tier=a").stdout == "statefulset.apps/web labeled\n"
    assert run("label", "sts/web", "tier=a").stdout == "statefulset.apps/web not labeled\n"
    refused = run("label", "sts/web", "tier=b")
    assert (refused.exit_code, "--overwrite" in refused.stderr) == (2, True)
    assert run("label", "sts/web", "tier=b", "--overwrite").exit_code == 0
    assert run("label", "sts/web", "--list").stdout == "tier=b\n"
    assert run("label", "sts/web", "tier-").stdout == "statefulset.apps/web unlabeled\n"
    assert run("annotate", "svc", "web", "a/b=c d").stdout == "service/web annotated\n"
    assert run("annotate", "svc/web", "--list").stdout == "a/b=c d\n"


def test_objects_are_chosen_by_their_labels(bench, run):
    bench.apply(a_set(), a_service(), a_set("db", 1), a_service("db", "db"))
    run("label", "sts/db", "tier=data")

    result = run("annotate", "sts", "-l", "tier=data", "note=x")

    assert result.stdout == "statefulset.apps/db annotated\n"
    assert run("annotate", "sts", "--all", "all=y").stdout.count("annotated") == 2


def test_a_label_is_no_new_generation_and_the_pods_stay(bench, run):
    bench.apply(a_set(), a_service())
    before, generation = bench.ids(), bench.facts().generation

    run("label", "sts/web", "tier=a")
    scale(bench.command(), "default", "web", 3)

    assert (bench.ids(), bench.facts().generation) == (before, generation)


def test_the_cause_of_a_change_stands_in_the_history(bench, run, editor):
    bench.apply(a_set(replicas=1), a_service())
    run("annotate", "sts/web", "kubernetes.io/change-cause=a new mode")
    editor("image: minisets/demo:1", "image: minisets/demo:1\\n        command: [other]")

    assert run("edit", "sts/web").exit_code == 0

    assert [entry.change_cause for entry in bench.facts().revisions] == ["", "a new mode"]


def test_an_annotation_of_ours_says_what_makes_it_count(bench, run):
    bench.apply(a_set(), a_service())

    result = run("annotate", "sts/web", "minisets.io/publish=8080:80")

    assert result.stderr == "next: minisets start sts/web\n"


def test_a_service_that_changes_is_applied_and_not_judged_like_a_set(bench):
    bench.apply(a_set(), a_service())
    changed = a_service()
    changed["spec"]["ports"] = [{"port": 81}]

    assert bench.apply(changed) == {"Service/web": "configured"}


def test_what_was_typed_is_kept_when_it_cannot_be_applied(bench, run, editor, tmp_path):
    bench.apply(a_set(), a_service())
    editor("replicas: 3", "replicas: 2")
    # The record cannot be written.
    bench.engine.fail("create_volume")

    result = run("edit", "sts/web")

    assert result.exit_code == 3
    kept = kept_by(result)
    assert "replicas: 2" in kept.read_text()
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_was_typed_is_kept_when_the_editor_fails(bench, run, editor, tmp_path):
    bench.apply(a_set(), a_service())
    editor("replicas: 3", "replicas: 2")
    with (tmp_path / "editor.sh").open("a") as script:
        script.write("exit 1\n")

    result = run("edit", "sts/web")

    assert (result.exit_code, "ended with exit code 1" in result.stderr) == (2, True)
    assert "replicas: 2" in kept_by(result).read_text()


@pytest.mark.parametrize("command", ["true", "false", "/no/such/editor", "'"])
def test_of_an_edit_without_a_change_nothing_stays(
    bench, run, editor, monkeypatch, tmp_path, command
):
    bench.apply(a_set(), a_service())
    editor("", "")
    monkeypatch.setenv("EDITOR", command)

    run("edit", "sts/web")

    assert drafts(tmp_path) == []


def test_of_an_edit_that_counts_nothing_stays_nor_of_what_the_editor_left_beside_it(
    bench, run, editor, tmp_path
):
    bench.apply(a_set(), a_service())
    editor("replicas: 3", "replicas: 2")
    with (tmp_path / "editor.sh").open("a") as script:
        script.write('cp "$1" "$1~"\n')

    assert run("edit", "sts/web").exit_code == 0

    assert drafts(tmp_path) == []
