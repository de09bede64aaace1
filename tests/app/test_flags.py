"""What each option of the commands that change something does, through the command line."""

from __future__ import annotations

import pytest
import yaml

from minisets.app.loop.drive import Drive
from minisets.errors import NotConverged
from tests.app.bench import Bench, a_service, a_set, container_of, with_claim, with_env
from tests.app.conftest import CommandLine
from tests.fakes import DEMO

OTHER = {**a_set("db", 1), "metadata": {"name": "db", "labels": {"tier": "data"}}}


@pytest.fixture(autouse=True)
def two_sets(bench: Bench) -> None:
    bench.apply(with_claim(a_set()), a_service(), OTHER, a_service("db", "db"))
    bench.engine.log.clear()


@pytest.fixture
def file(tmp_path):
    """Write manifests to a file, and return its name."""

    def write(*manifests) -> str:
        path = tmp_path / "objects.yaml"
        path.write_text(yaml.safe_dump_all(manifests))
        return str(path)

    return write


@pytest.fixture
def waits(monkeypatch) -> list[tuple[float, bool]]:
    """Take the place of driving; return how long, and whether, each command would have waited."""
    found: list[tuple[float, bool]] = []

    def run(_drive: Drive, *, timeout_seconds: float, wait: bool = True, **_: object) -> bool:
        found.append((timeout_seconds, wait))
        return wait

    monkeypatch.setattr(Drive, "run", run)
    return found


def gone(text: str, *, namespace: str = "default") -> str:
    kind, _, name = text.partition("/")
    return f'{kind} "{name}" deleted from {namespace} namespace'


# delete


def test_several_types_and_several_names_are_deleted_at_once(bench: Bench, minisets: CommandLine):
    done = minisets("delete", "svc,sts", "web", "db")

    assert (done.exit_code, bench.pods) == (0, [])
    assert done.stdout.splitlines() == [
        gone("statefulset.apps/web"),
        gone("statefulset.apps/db"),
        gone("service/web"),
        gone("service/db"),
    ]


def test_a_namespace_that_holds_claims_is_not_called_deleted(minisets: CommandLine):
    done = minisets("delete", "ns", "default")

    assert done.stdout == 'namespace "default" stays: it holds 3 claims\n'
    assert "minisets delete pvc data-web-0 data-web-1 data-web-2" in done.stderr


def test_types_and_names_in_one_word_may_be_of_different_types(
    bench: Bench, minisets: CommandLine
):
    assert minisets("delete", "sts/db", "svc/db", "svc/web").exit_code == 0

    assert [key for key in bench.records if key[0] in {"StatefulSet", "Service"}] == [
        ("StatefulSet", "default", "web")
    ]


def test_delete_takes_those_with_the_labels_only(bench: Bench, minisets: CommandLine):
    done = minisets("delete", "sts", "-l", "tier=data")

    assert done.stdout.splitlines() == [gone("statefulset.apps/db")]
    assert len(bench.pods) == 3


def test_delete_takes_those_with_the_fields_only(bench: Bench, minisets: CommandLine):
    before = bench.ids()

    done = minisets("delete", "pods", "--field-selector", "metadata.name=web-1")

    assert done.stdout.splitlines() == [gone("pod/web-1")]
    assert {name for name, found in bench.ids().items() if before[name] != found} == {"web-1"}


def test_delete_all_takes_every_object_of_the_type(bench: Bench, minisets: CommandLine):
    done = minisets("delete", "svc", "--all")

    assert done.stdout.splitlines() == [gone("service/db"), gone("service/web")]
    assert len(bench.running) == 4


def test_the_word_all_stands_for_sets_their_pods_and_services(bench: Bench, minisets: CommandLine):
    done = minisets("delete", "all", "--all")

    assert (done.exit_code, bench.pods) == (0, [])
    assert {key[0] for key in bench.records} == set()


def test_delete_in_all_namespaces_names_the_namespace_of_each(bench: Bench, minisets: CommandLine):
    bench.apply(a_set("web", 1), a_service(), namespace="team")

    done = minisets("delete", "svc", "-A", "--field-selector=metadata.name=web")

    assert done.stdout.splitlines() == [
        gone("service/web"),
        gone("service/web", namespace="team"),
    ]


def test_a_selector_that_finds_nothing_is_no_error(minisets: CommandLine):
    done = minisets("delete", "pods", "-l", "app=none")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No resources found\n")


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ([], "30"),
        (["--now"], "1"),
        (["--grace-period=7"], "7"),
        (["--grace-period", "0"], "1"),
        (["--force"], "0"),
        (["--force", "--grace-period=0"], "0"),
    ],
)
@pytest.mark.parametrize("what", [["pod", "web-1"], ["sts", "web"], ["ns", "default"]])
def test_pods_have_the_time_to_end_that_is_given(
    bench: Bench, minisets: CommandLine, monkeypatch, what, words, seconds
):
    taken = set()
    stop = bench.engine.stop

    def noted(container_id: str, *, grace_seconds: int | None = None) -> None:
        taken.add(str(grace_seconds))
        stop(container_id, grace_seconds=grace_seconds)

    monkeypatch.setattr(bench.engine, "stop", noted)

    done = minisets("delete", *what, *words)

    assert (done.exit_code, taken) == (0, {seconds})
    # A namespace that holds claims stays.
    assert (" force deleted" in done.stdout) is (seconds == "0" and what[0] != "ns")


def test_a_dry_run_deletes_nothing_and_says_what_would_go(bench: Bench, minisets: CommandLine):
    before = (bench.ids(), bench.records, bench.claims)

    done = minisets("delete", "sts/web", "pod/web-1", "pvc/data-web-0", "--dry-run")

    assert done.stdout.splitlines() == [
        f"{gone(text)} (dry run)"
        for text in ("statefulset.apps/web", "pod/web-1", "persistentvolumeclaim/data-web-0")
    ]
    assert "(server dry run)" in minisets("delete", "sts/web", "--dry-run=server").stdout
    assert (bench.ids(), bench.records, bench.claims) == before
    missing = minisets("delete", "sts/none", "--dry-run=client")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert 'statefulsets.apps "none" not found' in missing.stderr


def test_delete_prints_names_for_programs(minisets: CommandLine):
    done = minisets("delete", "sts,svc", "db", "-o", "name")

    assert done.stdout == "statefulset.apps/db\nservice/db\n"


def test_what_is_not_there_is_an_error_unless_told_otherwise(minisets: CommandLine):
    assert minisets("delete", "svc/none").exit_code == 1
    assert minisets("delete", "svc/none", "svc/db", "--ignore-not-found").exit_code == 0
    assert minisets("get", "svc/db").exit_code == 1


def test_a_deleted_pod_is_not_waited_for_where_nobody_waits(bench: Bench, minisets: CommandLine):
    assert minisets("delete", "pod", "web-1", "--wait=false").exit_code == 0
    assert "web-1" not in bench.pods
    minisets("start")

    assert minisets("delete", "pod", "web-1").exit_code == 0
    assert "web-1" in bench.running


@pytest.mark.parametrize(
    ("words", "seconds"), [([], 600), (["--timeout=3s"], 3), (["--timeout=0"], 7 * 24 * 3600)]
)
def test_a_new_pod_is_waited_for_as_long_as_is_said(minisets: CommandLine, waits, words, seconds):
    minisets("delete", "pod", "db-0", *words)

    assert waits == [(seconds, True)]


@pytest.mark.parametrize(
    ("word", "stay"), [("orphan", 3), ("false", 3), ("background", 0), ("foreground", 0)]
)
def test_pods_go_with_their_set_or_stay(bench: Bench, minisets: CommandLine, word, stay):
    assert minisets("delete", "sts/web", f"--cascade={word}").exit_code == 0

    assert len([name for name in bench.running if name.startswith("web")]) == stay


def test_volumes_go_on_a_word_and_else_are_named(bench: Bench, minisets: CommandLine):
    kept = minisets("delete", "sts/web")
    assert "minisets delete pvc data-web-0 data-web-1 data-web-2" in kept.stderr
    bench.apply(with_claim(a_set()), a_service())

    minisets("delete", "sts/web", "--volumes")

    assert bench.claims == []


@pytest.mark.parametrize("answer", ["n\n", "\n", "never\n", ""])
def test_delete_asks_before_and_takes_no_for_an_answer(
    bench: Bench, minisets: CommandLine, answer: str
):
    refused = minisets("delete", "sts/db", "-i", stdin=answer)
    assert (refused.exit_code, "db-0" in bench.running) == (0, True)
    assert "about to delete the following 1 resource(s):\nstatefulset.apps/db" in refused.stdout
    assert refused.stderr == "deletion is cancelled\n"

    assert minisets("delete", "sts/db", "--interactive", stdin="Y\n").exit_code == 0
    assert "db-0" not in bench.running


def test_the_objects_of_a_file_go_sets_first_and_claims_stay(
    bench: Bench, minisets: CommandLine, file
):
    done = minisets("delete", "-f", file(a_service(), with_claim(a_set()), OTHER))

    assert done.stdout.splitlines() == [
        gone("statefulset.apps/db"),
        gone("statefulset.apps/web"),
        gone("service/web"),
    ]
    assert (bench.pods, len(bench.claims)) == ([], 3)


def test_files_of_folders_in_folders_are_read_on_a_word(
    bench: Bench, minisets: CommandLine, tmp_path
):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below.parent / "svc.yaml").write_text(yaml.safe_dump(a_service()))
    (below / "svc.yaml").write_text(yaml.safe_dump(a_service("db", "db")))

    assert minisets("delete", "-f", str(below.parent)).stdout == f"{gone('service/web')}\n"
    assert (
        gone("service/db")
        in minisets("delete", "-f", str(below.parent), "-R", "--ignore-not-found").stdout
    )


def test_classes_and_persistent_volumes_are_of_no_namespace(bench: Bench, minisets: CommandLine):
    bench.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "disk"},
            "provisioner": "local",
        }
    )

    done = minisets("delete", "sc", "disk", "-n", "team")

    assert done.stdout == 'storageclass.storage.k8s.io "disk" deleted\n'


# label and annotate


@pytest.mark.parametrize("verb", ["label", "annotate"])
def test_objects_are_changed_by_type_labels_fields_and_everywhere(
    bench: Bench, minisets: CommandLine, verb
):
    bench.apply(a_service(), namespace="team")

    def changed(*words: str) -> int:
        done = minisets(verb, *words, "--overwrite")
        assert done.exit_code == 0, done.stderr
        return done.stdout.count("ed\n")

    assert changed("svc", "--all", "a=1") == 2
    assert changed("sts", "-l", "tier=data", "a=2") == 1
    assert changed("sts,svc", "--field-selector=metadata.name=db", "a=3") == 2
    assert changed("svc", "--all", "-A", "a=4") == 3
    assert changed("sts,svc", "web", "a=5") == 2


def test_metadata_of_the_objects_of_a_file_is_changed(minisets: CommandLine, file):
    done = minisets("label", "-f", file(a_service(), OTHER), "a=b")

    assert done.stdout == "service/web labeled\nstatefulset.apps/db labeled\n"


def test_a_value_is_changed_on_a_word_only(minisets: CommandLine):
    minisets("annotate", "sts/db", "a=1")

    refused = minisets("label", "sts/db", "tier=x")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "'tier' already has a value (data), and --overwrite is false" in refused.stderr
    assert "hint: add --overwrite to change it" in refused.stderr
    refused = minisets("annotate", "sts/db", "a=2")
    assert "declared annotation(s): 'a' already has a value (1)" in refused.stderr
    assert minisets("label", "sts/db", "tier=x", "--overwrite").exit_code == 0


def test_lists_of_several_objects_name_each(minisets: CommandLine):
    assert minisets("label", "sts/db", "--list").stdout == "tier=data\n"
    assert minisets("label", "sts/db", "x=y", "--list").stdout.splitlines() == [
        "statefulset.apps/db labeled",
        "tier=data",
        "x=y",
    ]
    assert minisets("label", "sts", "--all", "--list").stdout.splitlines() == [
        "Listing labels for StatefulSet.apps/db:",
        " tier=data",
        " x=y",
        "Listing labels for StatefulSet.apps/web:",
    ]


def test_a_dry_run_changes_no_metadata(minisets: CommandLine):
    done = minisets("label", "sts/db", "new=1", "--dry-run=server")

    assert done.stdout == "statefulset.apps/db labeled (server dry run)\n"
    assert minisets("label", "sts/db", "--list").stdout == "tier=data\n"


def test_changed_objects_are_printed_for_programs(minisets: CommandLine):
    assert minisets("label", "sts,svc", "db", "a=b", "-o=name").stdout == (
        "statefulset.apps/db\nservice/db\n"
    )


# wait


def test_wait_takes_several_objects_by_labels_fields_and_all(minisets: CommandLine):
    def met(*words: str) -> list[str]:
        done = minisets("wait", "--for=condition=Ready", *words)
        assert done.exit_code == 0, done.stderr
        return [line.partition(" condition met")[0] for line in done.stdout.splitlines()]

    assert met("pod/web-0", "pod/db-0") == ["pod/web-0", "pod/db-0"]
    assert met("pods", "-l", "app=db") == ["pod/db-0"]
    assert met("pods", "--field-selector=metadata.name=web-2") == ["pod/web-2"]
    assert len(met("pods", "--all")) == 4
    assert met("pods", "web-0", "-o", "name") == ["pod/web-0"]


def test_wait_takes_the_objects_of_a_file(minisets: CommandLine, file):
    done = minisets("wait", "--for=create", "-f", file(OTHER, a_service()))

    assert done.stdout == "statefulset.apps/db condition met\nservice/web condition met\n"


def test_wait_looks_into_all_namespaces(bench: Bench, minisets: CommandLine):
    bench.apply(a_set("web", 1), a_service(), namespace="team")

    done = minisets("wait", "pods", "-A", "-l", "app=web", "--for=condition=ready=TRUE")

    assert done.stdout.splitlines().count("pod/web-0 condition met") == 2


@pytest.mark.parametrize(
    ("goal", "words", "code"),
    [
        ("condition=Ready", ["pod/web-0"], 0),
        ("condition=Ready=false", ["pod/web-0"], 4),
        ("condition=podscheduled", ["pod/web-0"], 0),
        ("condition=Initialized=True", ["pod/web-0"], 0),
        ("condition=Unheard", ["pod/web-0"], 4),
        ("jsonpath={.status.phase}=Running", ["pod/web-0"], 0),
        ("jsonpath={.status.phase}=Failed", ["pod/web-0"], 4),
        ("jsonpath={.status.phase}", ["pvc/data-web-0"], 0),
        ("jsonpath={.status.phase}=Bound", ["pvc/data-web-0"], 0),
        ("jsonpath={.spec.replicas}=3", ["sts/web"], 0),
        ("jsonpath={.spec.nothing}", ["svc/web"], 4),
        ("create", ["sts/web", "svc/web", "pod/web-0", "pvc/data-web-0"], 0),
        ("create", ["cm/none"], 4),
        ("delete", ["cm/none", "pod/web-9", "pvc/none", "sts/none"], 0),
        ("delete", ["sts/web"], 4),
        ("delete", ["pvc/data-web-0"], 4),
        ("DELETE", ["pods", "-l", "app=none"], 0),
    ],
)
def test_no_time_is_one_look(bench: Bench, minisets: CommandLine, goal, words, code):
    bench.engine.log.clear()

    done = minisets("wait", f"--for={goal}", "--timeout=0", *words)

    assert done.exit_code == code, done.output
    assert ("condition not met for " in done.stderr) is (code == 4)
    assert not {"start", "stop", "create_container"} & {
        line.partition(" ")[0] for line in bench.engine.log
    }


def test_a_pod_is_driven_until_the_condition_is_met(bench: Bench, minisets: CommandLine):
    minisets("delete", "pod", "web-1", "--wait=false")
    assert "web-1" not in bench.pods

    done = minisets("wait", "--for=create", "pod/web-1")

    assert (done.exit_code, done.stdout) == (0, "pod/web-1 condition met\n")
    assert minisets("scale", "sts/web", "--replicas=1", "--wait=false").exit_code == 0
    done = minisets("wait", "--for=delete", "pod/web-1", "pod/web-2")
    assert sorted(done.stdout.splitlines()) == [f"pod/web-{n} condition met" for n in (1, 2)]


@pytest.mark.parametrize(
    ("words", "seconds"), [(["--timeout=5s"], 5), (["--timeout=-1s"], 7 * 24 * 3600)]
)
def test_wait_has_the_time_that_is_given(minisets: CommandLine, monkeypatch, words, seconds):
    found = []

    def run(drive: Drive, *, timeout_seconds: float, **more: object) -> bool:
        found.append(round(timeout_seconds))
        raise NotConverged("time is over")

    monkeypatch.setattr(Drive, "run", run)

    assert minisets("wait", "--for=delete", "pod/web-0", *words).exit_code == 4
    assert found == [seconds]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--for=condition=Ready", "pod/none-0"], 1, 'pods "none-0" not found'),
        (["--for=condition=Ready", "pods", "-l", "a=none"], 1, "no matching resources found"),
        (["--for=ready", "pod/web-0"], 2, 'unrecognized condition: "ready"'),
        (["--for=condition=", "pod/web-0"], 2, "unrecognized condition"),
        (["--for=condition=Ready", "sts/web"], 2, "minisets rollout status sts/web, or"),
        (["--for=condition=Ready", "pvc/data-web-0"], 2, "objects of its kind have none"),
        (["--for=condition=Ready", "pods"], 2, "no name was specified"),
        (["--for=create", "pod/web-0", "-o", "yaml"], 2, "We only support '-o name'"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(minisets: CommandLine, words, code, said):
    done = minisets("wait", *words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


# scale, rollout and set


def replicas(bench: Bench) -> tuple[int, int]:
    return tuple(bench.facts(name).object["spec"]["replicas"] for name in ("web", "db"))


def test_sets_are_scaled_by_name_labels_all_and_file(bench: Bench, minisets: CommandLine, file):
    def scaled(*words: str) -> tuple[int, int]:
        assert minisets("scale", *words, "--wait=false").exit_code == 0
        return replicas(bench)

    assert scaled("sts", "web", "db", "--replicas=2") == (2, 2)
    assert scaled("sts", "-l", "tier=data", "--replicas=0") == (2, 0)
    assert scaled("sts", "--field-selector=metadata.name=web", "--replicas=0") == (0, 0)
    assert scaled("sts", "--all", "--replicas=1") == (1, 1)
    assert scaled("-f", file(a_service(), OTHER), "--replicas=3") == (1, 3)


def test_a_set_is_scaled_only_from_what_is_expected(bench: Bench, minisets: CommandLine):
    refused = minisets("scale", "sts/web", "--replicas=5", "--current-replicas=2")

    assert (refused.exit_code, replicas(bench)) == (2, (3, 1))
    assert "Expected replicas to be 2, was 3" in refused.stderr
    assert minisets("scale", "sts/web", "--replicas=2", "--current-replicas=3").exit_code == 0
    assert minisets("scale", "sts/web", "--replicas=3", "--current-replicas=-1").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["scale", "sts/db", "--replicas=2"],
        ["start", "sts/db"],
        ["rollout", "restart", "sts/db"],
        ["rollout", "status", "sts/db"],
        ["set", "env", "sts/db", "A=b"],
        ["set", "resources", "sts/db", "--limits=cpu=1"],
    ],
)
def test_commands_that_drive_wait_as_long_as_is_said(
    bench: Bench, minisets: CommandLine, waits, words
):
    assert minisets(*words).exit_code == 0
    assert waits[-1] == (600, True)
    bench.engine.tick(2)
    minisets(*words, "--timeout=7s")
    assert waits[-1][0] == 7
    bench.engine.tick(2)
    if words[1] != "status":
        minisets(*words, "--wait=false")
        assert waits[-1][1] is False


def test_an_edit_waits_as_long_as_is_said(minisets: CommandLine, waits, monkeypatch):
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/tier/edited/")

    minisets("edit", "sts/db", "--timeout=7s", "--wait=false")

    assert waits == [(7, False)]


def test_no_time_is_not_to_wait_for_scale_and_no_end_for_a_status(minisets: CommandLine, waits):
    minisets("scale", "sts/db", "--replicas=2", "--timeout=0")
    minisets("rollout", "status", "sts/db", "--timeout=0", "--revision=1")

    assert waits == [(0, False), (7 * 24 * 3600, True)]


@pytest.mark.parametrize("verb", ["status", "history", "restart"])
def test_rollouts_are_chosen_by_labels_and_file(minisets: CommandLine, file, verb):
    assert minisets("rollout", verb, "sts", "-l", "tier=data").exit_code == 0
    assert minisets("rollout", verb, "-f", file(a_service(), a_set())).exit_code == 0
    none = minisets("rollout", verb, "sts", "-l", "tier=none")
    assert (none.exit_code, "no matching resources found" in none.stderr) == (1, True)


def test_a_rollout_is_taken_back_to_the_revision_that_is_named(
    bench: Bench, minisets: CommandLine
):
    for value in "ab":
        assert minisets("set", "env", "sts/db", f"A={value}").exit_code == 0

    done = minisets("rollout", "undo", "sts", "--all", "--to-revision=1")

    assert "statefulset.apps/db rolled back" in done.stdout
    assert "env" not in bench.facts("db").object["spec"]["template"]["spec"]["containers"][0]
    assert "REVISION" in minisets("rollout", "history", "sts/db").stdout
    assert "A" in minisets("rollout", "history", "sts/db", "--revision=2").stdout


def test_images_are_set_by_name_labels_and_for_all_containers(bench: Bench, minisets: CommandLine):
    bench.engine.images["app:2"] = bench.engine.images["minisets/demo:1"]

    done = minisets("set", "image", "sts", "-l", "tier=data", "*=app:2")
    assert done.stdout == "statefulset.apps/db image updated\n"
    done = minisets("set", "image", "sts", "--all", "app=app:2")
    assert done.stdout == "statefulset.apps/web image updated\n"


def test_variables_are_set_removed_and_listed(bench: Bench, minisets: CommandLine):
    done = minisets("set", "env", "sts/db", "A=1", "B=2", "-c", "ap*")
    assert done.stdout == "statefulset.apps/db env updated\n"
    assert minisets("set", "env", "sts/db", "A-").exit_code == 0
    assert minisets("set", "env", "sts/db", "--list").stdout == (
        "# StatefulSet db, container app\nB=2\n"
    )
    refused = minisets("set", "env", "sts/db", "B=3", "--overwrite=false")
    assert (refused.exit_code, "'B' already has a value (2)" in refused.stderr) == (2, True)
    assert minisets("set", "env", "sts/db", "A=1", "--containers=x").exit_code == 1
    assert "COLOUR" not in str(bench.facts("db").object)


def test_resources_are_set_and_removed(bench: Bench, minisets: CommandLine):
    def of(name: str) -> object:
        container = bench.facts(name).object["spec"]["template"]["spec"]["containers"][0]
        return container.get("resources")

    done = minisets(
        "set", "resources", "sts/db", "--limits=cpu=1,memory=64Mi", "--requests=memory=32Mi"
    )
    assert done.stdout == "statefulset.apps/db resource requirements updated\n"
    assert of("db") == {
        "limits": {"cpu": "1", "memory": "64Mi"},
        "requests": {"memory": "32Mi"},
    }
    minisets("set", "resources", "sts/db", "-c=app", "--limits=cpu=0,memory=0")
    assert of("db") == {"requests": {"memory": "32Mi"}}
    wrong = minisets("set", "resources", "sts/db", "--limits=cpu=lots")
    assert (wrong.exit_code, "limits" in wrong.stderr) == (2, True)
    assert minisets("set", "resources", "sts/db", "--limits=cpu").exit_code == 2
    assert minisets("set", "resources", "sts/db").exit_code == 2


@pytest.fixture
def interrupted(monkeypatch) -> None:
    """Press Ctrl-C as soon as a set is driven."""

    def run(_drive: Drive, **_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Drive, "run", run)


@pytest.mark.parametrize("words", [["rollout", "undo"], ["rollout", "restart"]])
def test_an_interrupted_rollout_goes_on_by_its_status(
    bench: Bench, minisets: CommandLine, request, words
):
    bench.apply(with_env(a_set(), A="b"), with_env(OTHER, A="b"))
    request.getfixturevalue("interrupted")

    done = minisets(*words, "sts/db", "sts/web")

    assert done.exit_code == 130, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "hint: to go on from here: minisets rollout status sts/db; not begun yet: sts/web"
    )


@pytest.mark.usefixtures("interrupted")
def test_an_interrupted_delete_of_a_pod_goes_on_with_its_set(minisets: CommandLine):
    done = minisets("delete", "pod", "web-1")

    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "hint: to go on from here: minisets start sts/web"


def test_a_status_that_is_not_watched_drives_and_writes_nothing(
    bench: Bench, minisets: CommandLine
):
    assert minisets("set", "env", "sts/web", "A=b", "--wait=false").exit_code == 0
    bench.remove_by_hand("web-1")
    before = (bench.ids(), bench.engine.volumes({}))

    done = minisets("rollout", "status", "sts/web", "--watch=false")

    assert done.exit_code == 0
    assert done.stdout.startswith("Waiting for ")
    assert (bench.ids(), bench.engine.volumes({})) == before
    assert minisets("rollout", "status", "sts/web").exit_code == 0
    done = minisets("rollout", "status", "sts/web", "--watch=false")
    assert done.stdout.startswith("partitioned roll out complete: 3 new pods")


def test_a_revision_is_shown_with_all_that_its_template_says(bench: Bench, minisets: CommandLine):
    manifest = a_set()
    template = manifest["spec"]["template"]["spec"]
    template["initContainers"] = [{"name": "first", "image": DEMO}]
    template["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    container_of(manifest).update(
        readinessProbe={"tcpSocket": {"port": 80}},
        resources={"limits": {"memory": "64Mi"}},
        env=[
            {
                "name": "LEVEL",
                "valueFrom": {"configMapKeyRef": {"name": "s", "key": "l", "optional": True}},
            }
        ],
    )
    bench.apply(manifest)

    text = minisets("rollout", "history", "sts/web", "--revision=2").stdout

    assert text.startswith("statefulset.apps/web with revision #2\nPod Template:\n")
    for said in (
        "Init Containers:",
        "first:",
        "Readiness:",
        "tcp-socket :80",
        "memory:",
        "<set to the key 'l' of config map 's'>",
        "scratch:",
    ):
        assert said in text, said
