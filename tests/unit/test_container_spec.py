from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from minisets.core import labels
from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodTemplateSpec
from minisets.core.observed import ImageSeen
from minisets.core.pod.container_spec import (
    PodRequest,
    claim_mount_paths,
    container_config,
    container_name,
    fixed_hash,
)
from minisets.core.pod.identity import NetworkPlace, PodIdentity
from minisets.core.pod.layout import Part, layout

IDENTITY = PodIdentity(
    pod="web-1",
    ordinal=1,
    namespace="default",
    domain="nginx.default.svc.cluster.local",
    address="10.128.0.3",
    aliases=("web-1", "nginx"),
    hosts=(("web-0.nginx", "10.128.0.2"),),
)
NETWORK = NetworkPlace(id="n1", name="minisets_default", subnet="10.128.0.0/20")
PROBE = {"exec": {"command": ["check", "it"]}, "periodSeconds": 5}


def _only(template: PodTemplateSpec) -> Part:
    (part,) = layout(template.spec)
    return part


def _config_of(request: PodRequest) -> dict[str, Any]:
    return container_config(request, _only(request.template))


def _name_of(request: PodRequest) -> str:
    return container_name(request, _only(request.template))


def _template(*, pod: dict[str, Any] | None = None, **container: Any) -> PodTemplateSpec:
    obj = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "app:1", **container}], **(pod or {})},
    }
    return decode_as(obj, PodTemplateSpec)


def _request(template: PodTemplateSpec, **changes: Any) -> PodRequest:
    request = PodRequest(
        set_name="web",
        set_uid="u1",
        revision="web-abc",
        template=template,
        identity=IDENTITY,
        network=NETWORK,
        claims={},
        packed_spec="packed",
    )
    return replace(request, **changes)


def _config(changes: dict[str, Any] | None = None, **container: Any) -> dict[str, Any]:
    return _config_of(_request(_template(**container), **(changes or {})))


def _host(changes: dict[str, Any] | None = None, **container: Any) -> dict[str, Any]:
    host: dict[str, Any] = _config(changes, **container)["HostConfig"]
    return host


def test_what_the_manifest_does_not_set_is_left_to_the_image():
    absent = {"Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "Healthcheck", "Tty", "OpenStdin"}
    assert absent.isdisjoint(_config())


def test_a_command_replaces_the_entrypoint_and_drops_the_images_arguments():
    found = _config(command=["run"])
    assert (found["Entrypoint"], found["Cmd"]) == (["run"], [])


def test_arguments_alone_keep_the_images_entrypoint():
    found = _config(args=["-v"])
    assert found["Cmd"] == ["-v"]
    assert "Entrypoint" not in found


def test_a_pod_restarts_for_ever_and_knows_its_grace_period():
    found = _config_of(_request(_template(pod={"terminationGracePeriodSeconds": 7})))
    assert found["StopTimeout"] == 7
    assert found["HostConfig"]["RestartPolicy"] == {"Name": "always"}


def test_our_labels_win_over_those_of_the_template():
    template = decode_as(
        {
            "metadata": {"labels": {labels.SET: "other", labels.POD_NAME: "fake"}},
            "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        },
        PodTemplateSpec,
    )
    found = _config_of(_request(template))["Labels"]
    assert (found[labels.SET], found[labels.POD_NAME]) == ("web", "web-1")


def test_labels_name_the_set_the_revision_and_the_spec():
    found = _config({"new_claims": ("a", "b")})["Labels"]
    assert found[labels.SET_UID] == "u1"
    assert found[labels.REVISION] == "web-abc"
    assert found[labels.SPEC] == "packed"
    assert found[labels.NEW_CLAIMS] == "a,b"
    assert found[labels.NAMES] == IDENTITY.names_hash
    assert labels.NEW_CLAIMS not in _config()["Labels"]


def test_only_mounts_of_claims_become_volumes_and_nothing_is_copied_into_them():
    mounts = [
        {"name": "www", "mountPath": "/www", "readOnly": True},
        {"name": "scratch", "mountPath": "/scratch"},
    ]
    assert _host({"claims": {"www": "www-web-1"}}, volumeMounts=mounts)["Mounts"] == [
        {
            "Type": "volume",
            "Source": "www-web-1",
            "Target": "/www",
            "ReadOnly": True,
            "VolumeOptions": {"NoCopy": True},
        }
    ]


def test_peers_stand_in_the_hosts_file():
    assert _host()["ExtraHosts"] == ["web-0.nginx:10.128.0.2"]


def test_the_pod_hangs_on_its_network_with_names_and_a_fixed_address():
    assert _config()["NetworkingConfig"] == {
        "EndpointsConfig": {
            "minisets_default": {
                "Aliases": ["web-1", "nginx"],
                "IPAMConfig": {"IPv4Address": "10.128.0.3"},
            }
        }
    }
    assert _host()["NetworkMode"] == "minisets_default"


def test_a_pod_without_a_fixed_address_gets_one_from_the_engine():
    found = _config({"identity": replace(IDENTITY, address=None)})
    endpoint = found["NetworkingConfig"]["EndpointsConfig"]["minisets_default"]
    assert endpoint == {"Aliases": ["web-1", "nginx"]}


def test_without_a_network_there_is_none():
    found = _config({"network": None})
    assert found["HostConfig"]["NetworkMode"] == "none"
    assert found["NetworkingConfig"] == {"EndpointsConfig": {}}


def test_a_limit_above_the_machines_processors_is_cut():
    host = _host({"cpus": 2}, resources={"limits": {"cpu": "8"}})
    assert host["NanoCpus"] == 2_000_000_000


def test_security_contexts_and_settings_of_the_pod_reach_the_container():
    template = _template(
        pod={
            "hostPID": True,
            "securityContext": {"runAsGroup": 7, "fsGroup": 8},
            "dnsConfig": {"nameservers": ["1.1.1.1"]},
        },
        securityContext={"readOnlyRootFilesystem": True},
    )
    images = {"app:1": ImageSeen(id="sha256:1", user="nginx")}
    found = _config_of(_request(template, images=images))
    host = found["HostConfig"]
    assert found["User"] == "nginx:7"
    assert (host["PidMode"], host["GroupAdd"], host["Dns"]) == ("host", ["8"], ["1.1.1.1"])
    assert host["ReadonlyRootfs"] is True


def test_a_pod_on_the_hosts_network_joins_no_other_and_has_the_hosts_address():
    variable = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    template = _template(pod={"hostNetwork": True}, env=[variable])
    found = _config_of(_request(template, host_address="10.128.0.1"))
    assert found["HostConfig"]["NetworkMode"] == "host"
    assert found["NetworkingConfig"] == {"EndpointsConfig": {}}
    assert found["Env"] == ["IP=10.128.0.1"]
    assert "Hostname" not in found


def test_ports_are_exposed_with_their_protocol():
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 80}]
    assert _config(ports=ports)["ExposedPorts"] == {"53/udp": {}, "80/tcp": {}}


def test_an_exec_readiness_probe_becomes_the_health_check():
    assert _config(readinessProbe=PROBE)["Healthcheck"] == {
        "Test": ["CMD", "check", "it"],
        "Interval": 5_000_000_000,
        "Timeout": 1_000_000_000,
        "Retries": 3,
        "StartPeriod": 0,
    }


def test_other_probes_are_no_health_check():
    assert "Healthcheck" not in _config(readinessProbe={"httpGet": {"port": 80}})
    assert "Healthcheck" not in _config(livenessProbe=PROBE)


@pytest.mark.parametrize(
    ("api_version", "delay", "has_interval"),
    [((1, 43), 5, False), ((1, 44), 5, True), ((1, 44), 0, False), ((2, 0), 5, True)],
)
def test_a_start_interval_is_sent_only_where_the_engine_knows_it(api_version, delay, has_interval):
    probe = {**PROBE, "initialDelaySeconds": delay}
    check = _config({"api_version": api_version}, readinessProbe=probe)["Healthcheck"]
    assert ("StartInterval" in check) is has_interval


def test_standard_input_stays_open_if_asked_for():
    found = _config(stdin=True)
    assert (found["OpenStdin"], found["StdinOnce"]) == (True, False)
    assert _config(tty=True)["Tty"] is True


def test_the_fixed_hash_tells_mounted_claims_only():
    template = _template(volumeMounts=[{"name": "www", "mountPath": "/www"}])
    mounted = fixed_hash(template, {"www": "www-web-0"})
    assert mounted == fixed_hash(template, {"www": "www-web-0", "unused": "unused-web-0"})
    assert mounted != fixed_hash(template, {"www": "www-web-1"})
    assert mounted != fixed_hash(template, {})


def test_mount_paths_are_those_of_the_asked_claims():
    mounts = [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}]
    assert claim_mount_paths(_only(_template(volumeMounts=mounts)), ("b", "c")) == {"b": "/b"}


def test_the_container_is_named_after_namespace_and_pod():
    assert _name_of(_request(_template())) == "web-1"
    other = replace(IDENTITY, namespace="prod")
    assert _name_of(_request(_template(), identity=other)) == "prod_web-1"


def test_the_pods_own_uid_differs_by_ordinal():
    env = [{"name": "U", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}]
    assert _config(env=env)["Env"] == ["U=u1-1"]


def test_in_a_sandbox_the_pods_names_are_the_sandboxes_and_powers_are_the_containers():
    template = _template(
        pod={
            "shareProcessNamespace": True,
            "hostIPC": True,
            "securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "9"}]},
            "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a"]}],
            "dnsConfig": {"nameservers": ["1.1.1.1"]},
        },
        securityContext={"runAsUser": 5, "privileged": True},
    )
    sandbox, app = layout(template.spec)
    request = _request(template, sandbox_image="pause")
    outer = container_config(request, sandbox)
    inner = container_config(request, app, "s1")
    assert outer["HostConfig"]["ExtraHosts"][0] == "a:1.2.3.4"
    assert outer["HostConfig"]["Sysctls"] == {"net.core.somaxconn": "9"}
    assert outer["HostConfig"]["Dns"] == ["1.1.1.1"]
    assert {"User", "Privileged"}.isdisjoint({*outer, *outer["HostConfig"]})
    assert (inner["User"], inner["HostConfig"]["Privileged"]) == ("5", True)
    # The host's memory instead of the sandbox's, with which the others were to share theirs.
    assert inner["HostConfig"]["IpcMode"] == "host"
    # The Engine refuses these for a container in another one's network.
    assert {"ExtraHosts", "Dns", "Sysctls"}.isdisjoint(inner["HostConfig"])
    assert "Hostname" not in inner
