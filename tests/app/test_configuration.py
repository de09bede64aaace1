"""ConfigMaps and Secrets: kept, merged, read by pods, changed, pruned; no value in a label."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from minisets.app.compare import compare
from minisets.app.create import create
from minisets.app.delete import delete_namespace, delete_object
from minisets.app.dry_run import dry_run
from minisets.app.loop.configuration import configuration_of
from minisets.app.loop.world import observe
from minisets.app.objects import Reference, change_metadata
from minisets.app.reading.look import Look
from minisets.app.reading.views_object import record_views
from minisets.app.rollout import finish, undo
from minisets.core import labels
from minisets.engine.pause_image import PAUSE_IMAGE, ensure_pause_image
from minisets.errors import (
    EngineError,
    InputError,
    ManifestError,
    NotConverged,
    NotFound,
    Overtaken,
    ReferenceMissing,
)
from tests.app.bench import Bench, a_set, as_json, container_of

HIDDEN = "hunter2"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def a_config_map(name: str = "conf", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def a_secret(name: str = "pass", **texts: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": {key: encoded(text) for key, text in texts.items()},
    }


def with_references(manifest: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    """Return a copy of a set with a variable from each of the two."""
    changed = copy.deepcopy(manifest)
    container_of(changed)["env"] = [
        {
            "name": "LEVEL",
            "valueFrom": {
                "configMapKeyRef": {"name": "conf", "key": "level", "optional": optional}
            },
        },
        {
            "name": "PASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "pass", "key": "word", "optional": optional}},
        },
    ]
    return changed


def everything_shown(bench: Bench) -> str:
    """Return what lists and inspections of volumes show."""
    return as_json([[v.name, dict(v.labels), dict(v.options)] for v in bench.engine.volumes({})])


def secret_of(bench: Bench, name: str = "pass", namespace: str = "default") -> dict[str, bytes]:
    """Return a Secret as a new command reads it."""
    context = bench.command()
    world = observe(context.engine, namespace)
    return dict(configuration_of(context, world, namespace).secret(name))


def leftovers(bench: Bench) -> list[str]:
    return [seen.name for seen in bench.engine.containers({labels.KIND: labels.KIND_PORTER})]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    ensure_pause_image(made.engine)
    return made


def test_pods_get_their_variables_from_both(bench: Bench):
    verbs = bench.apply(
        with_references(a_set()), a_secret(word=HIDDEN), a_config_map(level="debug")
    )
    assert verbs == {
        "ConfigMap/conf": "created",
        "Secret/pass": "created",
        "StatefulSet/web": "created",
    }
    for pod in ("web-0", "web-1", "web-2"):
        env = bench.engine.container(pod).config["Env"]
        assert {"LEVEL=debug", f"PASSWORD={HIDDEN}"} <= {*env}
    assert bench.running == ["web-0", "web-1", "web-2"]


def test_what_is_binary_in_a_config_map_is_no_variable(bench: Bench):
    manifest = a_set(replicas=1)
    container_of(manifest)["envFrom"] = [{"configMapRef": {"name": "conf"}}]
    config_map = {**a_config_map(level="debug"), "binaryData": {"icon": "/w=="}}
    bench.apply(manifest, config_map)
    assert bench.engine.container("web-0").config["Env"] == ["level=debug"]


def test_no_value_is_in_a_label_nor_in_the_name_of_a_volume(bench: Bench):
    secret = a_secret(word=HIDDEN) | {"stringData": {"text": "plain-hunter3"}}
    secret["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": as_json(secret)
    }
    bench.apply(secret)
    bench.apply({**secret, "stringData": {"text": "plain-hunter4"}})
    shown = everything_shown(bench)
    for text in (HIDDEN, "hunter3", "hunter4", encoded(HIDDEN), encoded("plain-hunter4")):
        assert text not in shown
    assert "word" in shown
    assert "last-applied-configuration" not in shown
    assert secret_of(bench) == {"word": b"hunter2", "text": b"plain-hunter4"}


def test_equal_values_of_two_secrets_do_not_look_equal(bench: Bench):
    bench.apply(a_secret("one", word=HIDDEN), a_secret("two", word=HIDDEN))
    digests = {
        record.data["digest"] for record in observe(bench.engine).of_kind("Secret", "default")
    }
    assert len(digests) == 2


def test_all_secrets_of_a_namespace_are_read_with_three_calls_and_once(bench: Bench):
    names = [f"s{number}" for number in range(5)]
    bench.apply(*(a_secret(name, word=name) for name in names))
    context = bench.command()
    world = observe(context.engine, "default")
    found = configuration_of(context, world, "default")
    bench.engine.log.clear()
    assert "s3" in found.secrets
    assert len(found.secrets) == 5
    assert bench.engine.log == []
    assert found.secret("s3") == {"word": b"s3"}
    assert [line.split(" ")[0] for line in bench.engine.log if not line.startswith("image")] == [
        "create_container",
        "get_archive",
        "remove_container",
    ]
    bench.engine.log.clear()
    later = configuration_of(context, observe(context.engine, "default"), "default")
    assert [later.secret(name)["word"] for name in names] == [name.encode() for name in names]
    assert [line.split(" ")[0] for line in bench.engine.log] == ["containers", "volumes"]


def test_what_was_just_written_is_not_read_again(bench: Bench):
    bench.apply(with_references(a_set()), a_secret(word="x"), a_config_map(level="y"))
    assert bench.engine.count("get_archive") == 0


def test_pods_without_references_to_secrets_read_none(bench: Bench):
    bench.apply(a_secret(word="x"))
    bench.apply(a_set())
    assert bench.engine.count("get_archive") == 0


def test_the_same_secret_is_unchanged(bench: Bench):
    bench.apply(a_secret(word=HIDDEN))
    before = everything_shown(bench)
    assert bench.apply(a_secret(word=HIDDEN)) == {"Secret/pass": "unchanged"}
    plain = a_secret() | {"stringData": {"word": HIDDEN}}
    assert bench.apply(a_secret(word=HIDDEN)) == {"Secret/pass": "unchanged"}
    assert everything_shown(bench) == before
    # Another way of saying it: nothing that a pod could see has changed.
    assert bench.apply(plain) == {"Secret/pass": "unchanged"}


def test_a_changed_secret_keeps_what_the_file_does_not_speak_of(bench: Bench):
    bench.apply(a_secret(word="one", gone="x"))
    change_metadata(
        bench.command(),
        Reference(kind="Secret", namespace="default", name="pass", printed="secrets"),
        "labels",
        {"by": "hand"},
        overwrite=False,
    )
    assert secret_of(bench) == {"word": b"one", "gone": b"x"}
    assert bench.apply(a_secret(word="two")) == {"Secret/pass": "configured"}
    assert secret_of(bench) == {"word": b"two"}
    record = observe(bench.engine).records["Secret", "default", "pass"]
    assert record.data["object"]["metadata"]["labels"] == {"by": "hand"}


def test_one_generation_of_files_stays(bench: Bench):
    for number in range(3):
        bench.apply(a_secret(word=str(number)))
    assert len(bench.engine.volumes({labels.KIND: labels.KIND_FILES})) == 1
    assert len(bench.engine.volumes({labels.KIND: labels.KIND_RECORD})) == 1
    assert leftovers(bench) == []


def test_a_deleted_secret_leaves_nothing(bench: Bench):
    bench.apply(a_secret(word="x"))
    delete_object(bench.command(), "Secret", "default", "pass")
    assert bench.engine.volumes({}) == ()
    with pytest.raises(NotFound):
        delete_object(bench.command(), "Secret", "default", "pass")


def test_a_secret_whose_files_are_gone_is_missing_and_can_be_applied_again(bench: Bench):
    bench.apply(a_secret(word="x") | {"immutable": True}, a_config_map(level="y"))
    (files,) = bench.engine.volumes({labels.KIND: labels.KIND_FILES})
    bench.engine.remove_volume(files.name)
    with pytest.raises(ReferenceMissing, match="are gone"):
        bench.apply(with_references(a_set()))
    assert files.name not in {volume.name for volume in bench.engine.volumes({})}
    assert bench.apply(a_secret(word="z")) == {"Secret/pass": "configured"}
    assert secret_of(bench) == {"word": b"z"}


def test_a_volume_that_reading_brought_into_being_goes_again(bench: Bench):
    bench.apply(a_secret(word="x"))
    context = bench.command()
    world = observe(context.engine, "default")
    bench.apply(a_secret(word="y"))
    with pytest.raises(EngineError, match="by another command"):
        configuration_of(context, world, "default").secret("pass")
    assert len(bench.engine.volumes({})) == 2


def test_a_writer_that_comes_too_late_leaves_no_files(bench: Bench):
    bench.apply(a_secret(word="x"))
    record = observe(bench.engine).records["Secret", "default", "pass"]
    bench.apply(a_secret(word="y"))
    with pytest.raises(Overtaken):
        bench.command().store.replace(record, record.data, {"key": b"k", "data/word": b"z"})
    assert len(bench.engine.volumes({labels.KIND: labels.KIND_FILES})) == 1
    assert secret_of(bench) == {"word": b"y"}


def test_a_reader_at_work_does_not_stop_a_deletion(bench: Bench):
    bench.apply(a_secret(word="x"))
    (files,) = bench.engine.volumes({labels.KIND: labels.KIND_FILES})
    # As a command that was killed while it read.
    bench.engine.create_container(
        "minisets_porter_0",
        {
            "Image": PAUSE_IMAGE,
            "Labels": labels.base(labels.KIND_PORTER, "default"),
            "HostConfig": {"Mounts": [{"Type": "volume", "Source": files.name, "Target": "/v/0"}]},
        },
    )
    # What is at work with other volumes is left alone.
    bench.engine.create_container(
        "minisets_porter_1",
        {"Image": PAUSE_IMAGE, "Labels": labels.base(labels.KIND_PORTER, "default")},
    )
    delete_object(bench.command(), "Secret", "default", "pass")
    assert bench.engine.volumes({}) == ()
    assert leftovers(bench) == ["minisets_porter_1"]


def test_leftovers_of_killed_commands_go_after_a_while(bench: Bench):
    bench.engine.create_container(
        "minisets_porter_0",
        {"Image": PAUSE_IMAGE, "Labels": labels.base(labels.KIND_PORTER, "default")},
    )
    bench.engine.create_volume("stray", labels=labels.base(labels.KIND_FILES, "default"))
    bench.apply(a_secret(word="x"))
    assert leftovers(bench) == ["minisets_porter_0"]
    bench.clock.sleep(61)
    bench.apply(a_secret(word="x"))
    assert leftovers(bench) == []
    assert len(bench.engine.volumes({labels.KIND: labels.KIND_FILES})) == 2
    bench.clock.sleep(600)
    bench.apply(a_secret(word="x"))
    assert len(bench.engine.volumes({labels.KIND: labels.KIND_FILES})) == 1
    assert secret_of(bench) == {"word": b"x"}


def test_a_porter_whose_program_still_runs_is_no_leftover(bench: Bench):
    made = bench.engine.create_container(
        "minisets_porter_0",
        {"Image": PAUSE_IMAGE, "Labels": labels.base(labels.KIND_PORTER, "default")},
    )
    bench.engine.start(made)
    bench.engine.container(made).execs = ("0123",)
    bench.clock.sleep(61)
    bench.apply(a_secret(word="x"))
    assert leftovers(bench) == ["minisets_porter_0"]
    bench.engine.container(made).execs = ()
    bench.apply(a_secret(word="x"))
    assert leftovers(bench) == []


def test_a_namespace_goes_with_its_secrets(bench: Bench):
    bench.apply(a_secret(word="x"), a_config_map(level="y"), namespace="other")
    bench.engine.create_volume("stray", labels=labels.base(labels.KIND_FILES, "other"))
    delete_namespace(bench.command(), "other")
    assert bench.engine.volumes({}) == ()


def test_a_missing_object_ends_with_the_pod_and_the_command_to_create_it(bench: Bench):
    with pytest.raises(ReferenceMissing) as caught:
        bench.apply(with_references(a_set()), a_config_map(level="y"))
    assert caught.value.exit_code == 4
    assert "web-0" in caught.value.message
    assert 'secret "pass" not found' in caught.value.message
    assert "minisets create secret generic pass" in (caught.value.hint or "")
    assert bench.pods == []


def test_optional_references_may_be_missing(bench: Bench):
    bench.apply(with_references(a_set(), optional=True))
    assert bench.running == ["web-0", "web-1", "web-2"]


def notices_of_dry_run(bench: Bench, *manifests: dict[str, Any]) -> list[str]:
    context = bench.command()
    outlooks = dry_run(context, bench.load(*manifests))
    return [str(notice) for outlook in outlooks for notice in outlook.notices]


def test_a_dry_run_tells_what_is_missing(bench: Bench):
    found = "\n".join(notices_of_dry_run(bench, with_references(a_set()), a_config_map(other="x")))
    assert 'the configmap "conf" has no key "level"' in found
    assert 'there is no secret "pass"' in found
    assert "minisets create secret generic pass --from-literal=word=VALUE" in found
    whole = (with_references(a_set()), a_config_map(level="x"), a_secret(word="y"))
    assert not any("cannot start" in text for text in notices_of_dry_run(bench, *whole))
    bench.apply(*whole[1:])
    assert not any("cannot start" in text for text in notices_of_dry_run(bench, whole[0]))


def test_a_change_that_pods_do_not_see_names_the_restart(bench: Bench):
    whole = with_references(a_set())
    bench.apply(whole, a_config_map(level="x"), a_secret(word="y"))
    assert bench.reporter.notices == [
        text for text in bench.reporter.notices if "rollout restart" not in text
    ]
    ids = bench.ids()
    bench.apply(a_config_map(level="z"), a_secret(word="y"))
    (notice,) = [text for text in bench.reporter.notices if "rollout restart" in text]
    assert notice.startswith("configmap/conf")
    assert "minisets rollout restart sts/web" in notice
    assert bench.ids() == ids
    # Pods that roll anyway get the new values with it.
    changed = copy.deepcopy(whole)
    container_of(changed)["args"] = ["more"]
    bench.apply(changed, a_config_map(level="new"))
    assert not any("rollout restart" in text for text in bench.reporter.notices)
    assert "LEVEL=new" in bench.engine.container("web-0").config["Env"]


def test_a_change_that_running_pods_see_is_told(bench: Bench):
    whole = a_set()
    container_of(whole)["volumeMounts"] = [{"name": "word", "mountPath": "/word"}]
    container_of(whole)["envFrom"] = [{"configMapRef": {"name": "conf"}}]
    whole["spec"]["template"]["spec"]["volumes"] = [
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "word", "secret": {"secretName": "key", "items": [{"key": "a", "path": "a"}]}},
    ]

    def told(**secret: str) -> list[str]:
        bench.apply(a_secret("key", **secret))
        return [text for text in bench.reporter.notices if text.startswith("secret/key")]

    bench.apply(whole, a_config_map("conf", level="x"), a_secret("key", a="1", b="1"))
    assert told(a="1", b="1") == []
    assert told(a="1", b="2") == []
    assert told(a="2", b="2") == [
        "secret/key: the files of running pods of statefulset/web change with it"
    ]
    (notice,) = notices_of_dry_run(bench, a_config_map("conf", level="y"))
    assert notice == (
        "configmap/conf: the files of running pods of statefulset/web change with it; as env "
        "they see it only when they start: minisets rollout restart sts/web -n default"
    )


def test_an_immutable_object_stays_as_it_is(bench: Bench):
    for made, changed in (
        (a_config_map(level="x"), a_config_map(level="y")),
        (a_secret(word="x"), a_secret(word="y")),
    ):
        fixed = {**made, "immutable": True}
        bench.apply(fixed)
        with pytest.raises(ManifestError, match="field is immutable when `immutable` is set"):
            bench.apply({**changed, "immutable": True})
        with pytest.raises(ManifestError, match="immutable: Forbidden"):
            bench.apply(made)
        labelled = copy.deepcopy(fixed)
        labelled["metadata"]["labels"] = {"a": "b"}
        assert set(bench.apply(labelled).values()) == {"configured"}


def test_the_type_of_a_secret_stays(bench: Bench):
    bench.apply(a_secret(word="x"))
    with pytest.raises(ManifestError, match="type: Invalid value"):
        bench.apply(a_secret(word="x") | {"type": "other"})


def test_a_difference_hides_the_values(bench: Bench):
    bench.apply(a_secret(word=HIDDEN, same="s"))
    (found,) = compare(bench.command(), bench.load(a_secret(word="hunter3", same="s", new="n")))
    assert found.before["data"] == {"word": "*** (before)", "same": "***"}
    assert found.after["data"] == {"word": "*** (after)", "same": "***", "new": "***"}
    assert compare(bench.command(), bench.load(a_secret(word=HIDDEN, same="s"))) == []


def test_a_created_object_is_there_once(bench: Bench):
    for item in bench.load(a_config_map(level="x"), a_secret(word="y")):
        plural = f"{item.kind.lower()}s"
        create(bench.command(), item, plural, is_dry=True)
        assert bench.records == [one for one in bench.records if one[0] != item.kind]
        create(bench.command(), item, plural)
        with pytest.raises(InputError, match=f'{plural} "{item.name}" already exists'):
            create(bench.command(), item, plural)
    assert secret_of(bench) == {"word": b"y"}
    # Nothing was applied, so the first apply takes nothing away.
    bench.apply(a_config_map(other="z"))
    record = observe(bench.engine).records["ConfigMap", "default", "conf"]
    assert record.data["object"]["data"] == {"level": "x", "other": "z"}
    assert HIDDEN not in everything_shown(bench)


def test_a_namespace_in_which_there_is_anything_cannot_be_created(bench: Bench):
    bench.apply(a_config_map(level="x"), namespace="team-1")
    for name in ("default", "team-1"):
        (item,) = bench.load({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        with pytest.raises(InputError, match="already exists"):
            create(bench.command(), item, "namespaces")


def test_values_are_shown_only_where_the_whole_object_is(bench: Bench):
    bench.apply(a_secret(word=HIDDEN))
    (row,) = record_views(Look(bench.command(), "default"), "Secret")
    assert row.object["data"] == {"word": ""}
    assert bench.engine.count("get_archive") == 0
    (whole,) = record_views(Look(bench.command(), "default", is_whole=True), "Secret")
    assert whole.object["data"] == {"word": encoded(HIDDEN)}


def in_environment(manifest: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed)["envFrom"] = [{"configMapRef": {"name": "conf"}}]
    return changed


def with_variable(manifest: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    source = {"configMapKeyRef": {"name": name, "key": key}}
    container_of(changed)["env"] = [{"name": "LEVEL", "valueFrom": source}]
    return changed


def in_files(manifest: dict[str, Any], **source: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed)["volumeMounts"] = [{"name": "files", "mountPath": "/files"}]
    changed["spec"]["template"]["spec"]["volumes"] = [{"name": "files", **source}]
    return changed


LACKING = {
    "a ConfigMap as variables": (in_environment, 'configmap "conf" not found'),
    "a key of a ConfigMap": (
        lambda manifest: with_variable(manifest, "other", "level"),
        "couldn't find key level in ConfigMap default/other",
    ),
    "a Secret as files": (
        lambda manifest: in_files(manifest, secret={"secretName": "pass"}),
        'secret "pass" not found',
    ),
    "a key of a file": (
        lambda manifest: in_files(
            manifest, configMap={"name": "other", "items": [{"key": "a", "path": "a"}]}
        ),
        'the configmap "other" has no key "a"',
    ),
    "a claim": (
        lambda manifest: in_files(manifest, persistentVolumeClaim={"claimName": "shared"}),
        'persistentvolumeclaim "shared" not found',
    ),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_a_rolling_update_stops_no_pod_before_what_its_successor_needs_is_there(
    bench: Bench, lacking: str
):
    change, cause = LACKING[lacking]
    bench.apply(a_config_map("other", other="1"), a_set())
    before = bench.ids()
    with pytest.raises(NotConverged) as caught:
        bench.apply(change(a_set()))
    assert caught.value.message == f"pod/web-2 cannot start: {cause}"
    assert caught.value.exit_code == 4
    assert bench.ids() == before
    assert len(bench.running) == 3
    undo(bench.command(), "default", "web")
    finish(bench.command(), "default", "web", wait=True, timeout_seconds=60)
    assert bench.ids() == before
    assert bench.facts().setbacks == {}


def test_what_a_successor_lacked_is_created_and_the_rollout_goes_on(bench: Bench):
    bench.apply(a_set())
    before = bench.ids()
    with pytest.raises(NotConverged):
        bench.apply(in_environment(a_set()))
    bench.apply(a_config_map(level="1"))
    bench.apply(in_environment(a_set()))
    assert len(bench.running) == 3
    assert not set(before.values()) & set(bench.ids().values())
    assert bench.facts().setbacks == {}


def test_pods_that_roll_for_their_ports_stay_too_while_what_they_need_is_missing(bench: Bench):
    bench.apply(a_config_map(level="1"), in_environment(a_set()))
    delete_object(bench.command(), "ConfigMap", "default", "conf")
    before = bench.ids()
    opened = in_environment(a_set())
    opened["metadata"]["annotations"] = {"minisets.io/publish": "30080:80"}
    with pytest.raises(NotConverged, match='configmap "conf" not found'):
        bench.apply(opened)
    assert bench.ids() == before
