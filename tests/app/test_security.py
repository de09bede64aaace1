"""What apply says and refuses of what pods may do, before anything is touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from msgspec.structs import replace

from minisets.app.dry_run import dry_run
from minisets.app.park import scale
from minisets.core.observed import ImageSeen
from minisets.errors import ManifestError, NotConverged
from tests.app.bench import Bench, a_set, container_of, with_claim
from tests.fakes import DEMO

ROOT = "container has runAsNonRoot and image will run as root"


def _pod(manifest: dict[str, Any], **spec: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    changed["spec"]["template"]["spec"].update(spec)
    return changed


def _secured(manifest: dict[str, Any], **context: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed)["securityContext"] = context
    return changed


def _with_user(bench: Bench, user: str) -> ImageSeen:
    image = replace(bench.engine.images[DEMO], user=user)
    bench.engine.images[DEMO] = image
    return image


def test_an_image_that_is_here_and_runs_as_root_is_refused_before_anything_is_touched(
    bench: Bench,
):
    with pytest.raises(ManifestError) as caught:
        bench.apply(_pod(a_set(), securityContext={"runAsNonRoot": True}))
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == ("spec.template.spec.containers[0].image", ROOT)
    assert (bench.pods, bench.records) == ([], [])


def test_a_dry_run_refuses_it_too_where_an_engine_answers(bench: Bench):
    objects = bench.load(_secured(a_set(), runAsNonRoot=True))
    with pytest.raises(ManifestError, match=ROOT):
        dry_run(bench.command(), objects)
    assert dry_run(None, objects)


def test_an_image_that_is_only_known_when_it_was_pulled_ends_the_wait_before_it_begins(
    bench: Bench,
):
    bench.engine.registry["app:2"] = bench.engine.images[DEMO]
    manifest = _secured(a_set(), runAsNonRoot=True)
    container_of(manifest)["image"] = "app:2"
    with pytest.raises(NotConverged, match=f"statefulset/web: container app: {ROOT}"):
        bench.apply(manifest)
    assert (bench.pods, bench.records) == ([], [])


def test_with_the_policy_always_the_image_that_comes_is_judged_not_the_one_that_is_here(
    bench: Bench,
):
    image = bench.engine.images[DEMO]
    bench.engine.images[DEMO] = replace(image, digests=("demo@sha256:1",))
    bench.engine.registry[DEMO] = replace(image, user="1001")
    manifest = _secured(a_set(), runAsNonRoot=True)
    container_of(manifest)["imagePullPolicy"] = "Always"
    bench.apply(manifest)
    assert len(bench.running) == 3


def test_an_image_that_has_become_root_meanwhile_is_not_started(bench: Bench):
    _with_user(bench, "1001")
    bench.apply(_secured(a_set(replicas=1), runAsNonRoot=True))
    _with_user(bench, "0")
    with pytest.raises(NotConverged, match=f"pod/web-1 cannot start: container app: {ROOT}"):
        scale(bench.command(), "default", "web", 2)
    assert bench.pods == ["web-0"]


def test_a_group_alone_goes_with_the_user_of_the_image(bench: Bench):
    _with_user(bench, "nginx:nginx")
    bench.apply(_pod(a_set(replicas=1), securityContext={"runAsGroup": 7}))
    assert bench.engine.container("web-0").config["User"] == "nginx:7"


def test_images_are_looked_up_for_each_pod_only_where_their_user_counts(bench: Bench):
    bench.apply(a_set())
    assert bench.engine.count("image") == 1


def test_what_a_pod_can_do_to_the_machine_is_said_once(bench: Bench):
    disk = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "disk"},
        "provisioner": "minisets.io/local",
        "parameters": {"type": "none", "o": "bind", "device": "/etc"},
    }
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "home"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "9Gi"},
            "hostPath": {"path": "/home"},
        },
    }
    manifest = with_claim(a_set(), storageClassName="disk")
    manifest = with_claim(manifest, "own", storageClassName="")
    manifest = _pod(
        _secured(manifest, privileged=True),
        hostNetwork=True,
        hostPID=True,
        hostIPC=True,
        volumes=[{"name": "docker", "hostPath": {"path": "/var/run/docker.sock"}}],
    )
    container_of(manifest)["volumeMounts"].append({"name": "docker", "mountPath": "/docker"})
    containers = manifest["spec"]["template"]["spec"]["containers"]
    added = {"capabilities": {"add": ["SYS_ADMIN", "CHOWN"]}}
    containers.append({"name": "side", "image": DEMO, "securityContext": added})
    del containers[0]["ports"]
    bench.apply(disk, volume, manifest)
    (said,) = [text for text in bench.reporter.notices if "power" in text]
    subject, _, powers = said.partition(": its pods have power over the Engine's machine: ")
    assert subject == "statefulset/web"
    assert powers.split("; ") == [
        "hostNetwork: the machine's own network, with what listens on its loopback",
        "hostPID: every process of the machine",
        "hostIPC: the machine's shared memory and semaphores",
        "container app is privileged: it can do what root can on the machine",
        "container side has the added capability SYS_ADMIN",
        "volume docker is /var/run/docker.sock: whoever reaches it is root on the machine",
        "claim data is /etc of the machine, by StorageClass disk",
        "claim own may be /home of the machine, by PersistentVolume home",
    ]


def test_a_sealed_pod_asks_the_engine_for_what_it_is_given_and_nothing_else(bench: Bench):
    context = {
        "runAsUser": 1000,
        "runAsGroup": 2000,
        "runAsNonRoot": True,
        "fsGroup": 3000,
        "supplementalGroups": [4000],
        "seccompProfile": {"type": "Unconfined"},
        "sysctls": [{"name": "net.core.somaxconn", "value": "99"}],
    }
    manifest = _pod(
        _secured(
            a_set(replicas=1),
            allowPrivilegeEscalation=False,
            readOnlyRootFilesystem=True,
            capabilities={"drop": ["ALL"], "add": ["CAP_NET_BIND_SERVICE"]},
        ),
        securityContext=context,
    )
    resources = {
        "requests": {"cpu": "0.25", "memory": "32M"},
        "limits": {"cpu": "1500m", "memory": "0.5Gi", "ephemeral-storage": "1Gi"},
    }
    container_of(manifest)["resources"] = resources
    other = {"name": "other", "image": DEMO, "securityContext": {"runAsUser": 7}}
    manifest["spec"]["template"]["spec"]["containers"].append(other)
    bench.apply(manifest)
    made = bench.engine.container("web-0")
    assert made.config["User"] == "1000:2000"
    assert {
        key: made.host[key]
        for key in (
            *("GroupAdd", "CapAdd", "CapDrop", "SecurityOpt", "ReadonlyRootfs"),
            *("NanoCpus", "CpuShares", "Memory", "MemorySwap"),
        )
    } == {
        "GroupAdd": ["4000", "3000"],
        "CapAdd": ["NET_BIND_SERVICE"],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", "seccomp=unconfined"],
        "ReadonlyRootfs": True,
        "NanoCpus": 1_500_000_000,
        "CpuShares": 256,
        "Memory": 2**29,
        "MemorySwap": 2**29,
    }
    assert "Privileged" not in made.host
    second = bench.engine.container("web-0.other")
    assert second.config["User"] == "7:2000"
    # What is the pod's own holds for all of its containers, what is one container's for that.
    assert second.host["GroupAdd"] == ["4000", "3000"]
    assert second.host["SecurityOpt"] == ["seccomp=unconfined"]
    assert not {"CapDrop", "ReadonlyRootfs", "Memory"} & {*second.host}
    sandbox = bench.engine.container("web-0._pod")
    assert sandbox.host["Sysctls"] == {"net.core.somaxconn": "99"}


def test_a_privileged_container_is_so_alone(bench: Bench):
    manifest = _secured(a_set(replicas=1), privileged=True)
    manifest["spec"]["template"]["spec"]["containers"].append({"name": "other", "image": DEMO})
    bench.apply(manifest)
    assert bench.engine.container("web-0").host["Privileged"] is True
    for name in ("web-0.other", "web-0._pod"):
        assert not bench.engine.container(name).host.get("Privileged")


def test_a_limit_above_the_machine_is_said_and_asks_the_engine_for_no_more_than_that(
    bench: Bench,
):
    manifest = a_set(replicas=1)
    container_of(manifest)["resources"] = {"limits": {"cpu": "64"}}
    bench.apply(manifest)
    (said,) = [text for text in bench.reporter.notices if "CPU" in text]
    assert said.endswith("container app: the CPU limit of 64 becomes 2: the machine has 2")
    assert bench.engine.container("web-0").host["NanoCpus"] == 2 * 10**9


def test_pods_on_the_hosts_network_are_on_no_other_and_need_no_care(bench: Bench):
    manifest = _pod(a_set(replicas=2), hostNetwork=True)
    bench.apply(manifest)
    host = bench.engine.container("web-1").host
    assert (host["NetworkMode"], host["ExtraHosts"]) == ("host", [])
    assert [text for text in bench.reporter.notices if "share the ports of one machine" in text]
    assert bench.apply(manifest)["StatefulSet/web"] == "unchanged"
    assert bench.engine.count("connect") == 0
    assert len(bench.running) == 2


def test_a_full_host_name_that_is_too_long_in_its_namespace_is_refused(bench: Bench):
    manifest = _pod(a_set(), setHostnameAsFQDN=True)
    bench.apply(manifest)
    assert bench.engine.container("web-0").config["Hostname"].startswith("web-0.web.default.svc")
    with pytest.raises(ManifestError, match="64 characters is the max"):
        bench.apply(manifest, namespace="n" * 50)


def test_a_read_only_root_does_not_keep_a_new_claim_from_being_made_writable(bench: Bench):
    manifest = with_claim(_secured(a_set(replicas=1), readOnlyRootFilesystem=True))
    bench.apply(manifest)
    assert bench.running == ["web-0"]
    # A container of our own, which is gone again.
    assert bench.engine.count("put_archive") == 1
    assert bench.pods == ["web-0"]
