"""The command get, and the plain commands version, logs, exec, scale, stop and start."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
import yaml

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Json, Space, eventually

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"


def columns(text: str) -> list[str]:
    return text.splitlines()[0].split()


def test_each_kind_is_shown_as_a_table_a_wide_one_as_objects_and_as_names(space: Space):
    space.apply(WEB)
    tables = {
        "sts": (["NAME", "READY", "AGE"], ["CONTAINERS", "IMAGES"], ["statefulset.apps/web"]),
        "pods": (
            ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
            ["IP", "NODE"],
            ["pod/web-0", "pod/web-1", "pod/web-2"],
        ),
        "pvc": (
            ["NAME", "STATUS", "VOLUME", "CAPACITY"],
            ["VOLUMEMODE"],
            [f"persistentvolumeclaim/www-web-{ordinal}" for ordinal in range(3)],
        ),
        "svc": (["NAME", "TYPE", "CLUSTER-IP"], ["SELECTOR"], ["service/nginx"]),
    }
    for kind, (first, wide, names) in tables.items():
        table = space.run("get", kind).out
        assert columns(table)[: len(first)] == first
        assert [line.split()[0] for line in table.splitlines()[1:]] == [
            name.partition("/")[2] for name in names
        ]
        assert set(wide) <= set(columns(space.run("get", kind, "-o", "wide").out))
        assert space.run("get", kind, "-o", "name").out.split() == names
    every = [name for _, _, names in tables.values() for name in names]
    as_json = space.run("get", "sts,pods,pvc,svc", "-o", "json").json()
    as_yaml = yaml.safe_load(space.run("get", "sts,pods,pvc,svc", "-o", "yaml").out)
    # Ages and probes go on between two commands; the objects are the same.
    for shown in (as_json, as_yaml):
        assert [item["metadata"]["name"] for item in shown["items"]] == [
            name.partition("/")[2] for name in every
        ]


def test_the_pods_shown_are_the_engines(space: Space):
    space.apply(WEB)
    rows = [line.split() for line in space.run("get", "pods", "-o", "wide").out.splitlines()[1:]]
    assert {row[0]: row[5] for row in rows} == space.addresses()
    assert {tuple(row[1:4]) for row in rows} == {("1/1", "Running", "0")}
    pod = space.run("get", "pod", "web-1", "-o", "json").json()
    assert pod["status"]["podIP"] == space.addresses()["web-1"]
    assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"


def test_objects_are_chosen_sorted_and_printed_as_the_user_wants(space: Space):
    space.apply(WEB)
    addresses = space.addresses()

    def get(*words: str) -> str:
        return space.run("get", *words).out

    path = "jsonpath={range .items[*]}{.metadata.name}={.status.podIP} {end}"
    assert get("pods", "-o", path).split() == [f"{pod}={ip}" for pod, ip in addresses.items()]
    own = get("po", "-o", "custom-columns=POD:.metadata.name,IP:.status.podIP", "--no-headers")
    assert [tuple(line.split()) for line in own.splitlines()] == list(addresses.items())
    index = "apps.kubernetes.io/pod-index"
    assert get("pods", "-l", f"{index} in (0,2)", "-o", "name").split() == [
        "pod/web-0",
        "pod/web-2",
    ]
    chosen = get("pods", "--field-selector", f"status.podIP={addresses['web-1']}", "-o", "name")
    assert chosen.split() == ["pod/web-1"]
    path = "--sort-by={.spec.nodeName}"
    assert "web-2" in get("pods", path, "--show-labels", "-L", index)
    # One that is there is shown, whatever else is not.
    some = space.run("get", "pods", "web-1", "web-9", "-o", "name", code=1)
    assert (some.out.split(), 'pods "web-9" not found' in some.err) == (["pod/web-1"], True)
    assert space.run("get", "pods", "web-9", "--ignore-not-found").out == ""


def test_volumes_revisions_and_namespaces_are_shown(space: Space):
    space.apply(WEB)
    space.sh("web-0", "head -c 70000 /dev/zero > /usr/share/nginx/html/large")
    volumes = space.run("get", "pv").out
    assert f"{space.name}/www-web-0" in volumes
    used = [line.split()[-1] for line in space.run("get", "pvc", "-o", "wide").out.splitlines()]
    assert (used[0], used[1]) == ("USED", "68Ki")
    revision = space.run("get", "controllerrevisions", "-o", "json").json()["items"][0]
    assert (
        revision["metadata"]["name"]
        == space.run("get", "pods", "-o", "json").json()["items"][0]["metadata"]["labels"][
            "controller-revision-hash"
        ]
    )
    assert space.run("get", "ns", space.name).out.splitlines()[1].split()[1] == "Active"


def test_a_manifest_stands_for_its_objects_and_a_set_is_watched(space: Space, edit: Edit):
    manifest = edit("web.yaml", {"spec.replicas": 1})
    space.apply(manifest)
    named = space.run("get", "-f", str(manifest), "-o", "name").out.split()
    assert named == ["service/nginx", "statefulset.apps/web"]
    watching = space.begin("get", "sts", "-w", "--no-headers")
    assert watching.stdout is not None
    lines = (line.split() for line in watching.stdout)
    assert next(lines)[:2] == ["web", "1/1"]
    space.lose("web-0")
    assert next(lines)[:2] == ["web", "0/1"]
    watching.send_signal(signal.SIGINT)
    assert space.end(watching).code == 130


def test_what_changes_is_shown_while_it_changes(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    watching = space.begin("get", "pods", "-w", "--output-watch-events")
    assert watching.stdout is not None
    lines = (line.split() for line in watching.stdout)
    assert next(lines)[:2] == ["EVENT", "NAME"]
    assert next(lines)[:4] == ["ADDED", "web-0", "1/1", "Running"]
    space.api.kill(space.container("web-0"), signal="KILL")
    assert next(line for line in lines if line[2] == "0/1")[0] == "MODIFIED"
    space.api.start(space.container("web-0"))
    # The probe is over HTTP: no event of the Engine tells that it succeeds.
    assert next(line for line in lines if line[2] == "1/1")[3] == "Running"
    space.lose("web-0")
    last = next(line for line in lines if line[0] == "DELETED")
    assert (last[1], last[3]) == ("web-0", "Terminating")
    watching.send_signal(signal.SIGINT)
    assert space.end(watching).code == 130


def test_a_set_that_was_written_out_can_be_applied_again(space: Space):
    space.apply(WEB)
    before = space.ids()
    written = space.run("get", "sts", "web", "-o", "yaml").out
    space.run("apply", "-f", "-", stdin=written)
    assert space.ids() == before


def test_get_writes_nothing(space: Space):
    space.apply(WEB)
    space.lose("web-1")
    before = (space.ids(), space.volumes("record"))
    shown = space.run("get", "all").out
    assert (space.ids(), space.volumes("record")) == before
    assert "2/3" in shown


def test_what_is_not_there_ends_with_1_and_an_unknown_type_with_2(space: Space):
    assert 'statefulsets.apps "none" not found' in space.run("get", "sts", "none", code=1).err
    assert space.run("get", "sts").out == ""
    assert "did you mean" in space.run("get", "podz", code=2).err


def test_the_namespace_is_taken_from_either_side_of_the_verb_the_environment_or_the_file(
    space: Space, edit: Edit
):
    file = str(edit("web.yaml", {"spec.replicas": 1, "metadata.namespace": space.name}))
    text = (MANIFESTS / "db.yaml").read_text(encoding="utf-8")
    space.minisets("apply", "-f", file, environ={"MINISETS_NAMESPACE": space.name})
    assert space.running() == ["web-0"]
    space.minisets("apply", "-n", space.name, "-f", "-", stdin=text)
    assert space.running() == ["db-0", "db-1", "web-0"]
    forms: list[Callable[[], Json]] = [
        lambda: space.minisets("-n", space.name, "get", "pods", "-o", "name"),
        lambda: space.minisets("get", "pods", "-o", "name", "-n", space.name),
        lambda: space.minisets("get", "pods", "-o", "name", f"--namespace={space.name}"),
        lambda: space.minisets(
            "get", "pods", "-o", "name", environ={"MINISETS_NAMESPACE": space.name}
        ),
        lambda: space.minisets(
            "get", "pods", "-o", "name", "-n", space.name, environ={"MINISETS_NAMESPACE": "other"}
        ),
    ]
    for form in forms:
        assert form().out.split() == ["pod/db-0", "pod/db-1", "pod/web-0"]
    assert space.name in space.minisets("get", "pods", "-A").out


def test_the_namespace_of_the_file_alone_is_enough(space: Space, edit: Edit):
    file = edit("db.yaml", {"spec.replicas": 1, "metadata.namespace": space.name})
    space.minisets("apply", "-f", str(file))
    assert space.running() == ["db-0"]
    space.minisets("delete", "-f", str(file))
    assert space.running() == []


def test_a_namespace_that_contradicts_the_file_is_refused(space: Space, edit: Edit):
    file = edit("db.yaml", {"metadata.namespace": "elsewhere"})
    done = space.apply(file, code=2)
    assert space.is_empty()
    assert "metadata.namespace" in done.err
    assert "use -n elsewhere" in done.err


def test_scale_goes_up_in_order_and_down_from_the_top(space: Space):
    space.apply(WEB)
    grown = space.run("scale", "sts", "web", "--replicas=4")
    assert space.running() == ["web-0", "web-1", "web-2", "web-3"]
    space.run("scale", "sts/web", "--replicas=1")
    assert space.running() == ["web-0"]
    assert len(space.claims()) == 4
    refused = space.run("scale", "sts", "web", "--current-replicas=3", "--replicas=2", code=2)
    assert space.running() == ["web-0"]
    assert grown.out.strip() == "statefulset.apps/web scaled"
    assert "Expected replicas to be 3, was 1" in refused.err


def test_stop_parks_a_set_and_start_brings_it_back(space: Space):
    space.apply(WEB)
    pages, records = space.write_pages(), space.records()
    space.run("stop")
    assert space.pods() == {}
    assert space.records() == records
    assert len(space.claims()) == 3
    space.run("start", "sts/web")
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert space.read_pages() == pages


def test_logs_are_those_of_the_pod(space: Space):
    space.apply(WEB)
    written = space.api.logs(space.container("web-1")).decode()
    assert "web-1: serving" in written
    assert space.run("logs", "web-1").out == written
    assert space.run("logs", "web-1", "--tail=0").out == ""
    assert 'pods "web-9" not found' in space.run("logs", "web-9", code=1).err


def test_logs_are_followed_until_the_pod_ends(space: Space):
    space.apply(WEB)
    following = space.begin("logs", "-f", "web-2")
    # Only a first line shows that it follows.
    assert following.stdout is not None
    assert "web-2: serving" in following.stdout.readline()
    space.run("scale", "sts", "web", "--replicas=2")
    assert space.end(following).code == 0


def test_exec_passes_streams_and_the_exit_code(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    run = space.run("exec", "web-0", "--", "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert run.out == "out\n"
    assert run.err == "err\ncommand terminated with exit code 7\n"
    space.run("exec", "-i", "web-0", "--", "sh", "-c", "cat > /tmp/file", stdin="one\ntwo")
    assert space.sh("web-0", "cat /tmp/file") == "one\ntwo"
    large = "x" * 300_000
    assert space.run("exec", "-i", "web-0", "--", "cat", stdin=large).out == large
    assert 'pods "web-9" not found' in space.run("exec", "web-9", "--", "true", code=1).err


def test_version_names_itself_and_the_engine(space: Space):
    engine = space.api.version()
    shown = space.minisets("version").out
    assert engine["Version"] in shown
    assert engine["ApiVersion"] in shown
    nowhere = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    alone = space.minisets("version", "--client", environ=nowhere).out
    assert alone.splitlines() == [shown.splitlines()[0]]
    assert json.loads(space.minisets("version", "-o", "json").out)


def test_progress_as_json_is_one_object_a_line(space: Space, edit: Edit):
    file = edit("db.yaml", {"spec.replicas": 1})
    done = space.run("--progress=json", "apply", "-f", str(file))
    steps = [json.loads(line) for line in done.err.splitlines()]
    assert "pod/db-0" in {step.get("subject") for step in steps}
    eventually(lambda: space.running() == ["db-0"], what="db-0")
    assert space.run("--progress=quiet", "apply", "-f", str(file)).err == ""
