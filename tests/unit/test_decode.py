import subprocess
import sys

import pytest

from minisets.core.input.decode import decode, decode_as, encode
from minisets.core.input.defaults import apply_defaults
from minisets.core.input.schema import load_schema
from minisets.core.manifest import (
    KINDS,
    Container,
    PodSpec,
    Service,
    StatefulSet,
    UpdateStrategy,
)
from minisets.errors import ManifestError
from tests.unit.manifests import SERVICE, SET, a_set


def decoded_set(**changes):
    value = decode(apply_defaults(a_set(**changes)))
    assert isinstance(value, StatefulSet)
    return value


def test_a_set_is_decoded_with_the_names_of_the_api_in_snake_case():
    value = decoded_set(container__readinessProbe={"httpGet": {"port": "web"}})
    container = value.spec.template.spec.containers[0]
    assert value.spec.service_name == "nginx"
    assert container.ports[0].container_port == 80
    assert container.readiness_probe is not None
    assert container.readiness_probe.http_get is not None
    assert container.readiness_probe.http_get.port == "web"


def test_names_with_capital_abbreviations_keep_them():
    value = decoded_set(
        template__hostPID=True, template__hostIPC=True, template__setHostnameAsFQDN=True
    )
    pod = value.spec.template.spec
    assert (pod.host_pid, pod.host_ipc, pod.set_hostname_as_fqdn) == (True, True, True)


def test_a_service_without_a_cluster_address_says_so():
    value = decode(apply_defaults(SERVICE))
    assert isinstance(value, Service)
    assert value.spec.cluster_ip == "None"


@pytest.mark.parametrize("obj", [SET, SERVICE], ids=["set", "service"])
def test_encoding_and_decoding_come_back_to_the_same_value(obj):
    value = decode(apply_defaults(obj))
    assert decode(encode(value)) == value


def test_encoding_leaves_out_defaults_but_names_the_kind():
    encoded = encode(decoded_set())
    assert encoded["kind"] == "StatefulSet"
    assert encoded["apiVersion"] == "apps/v1"
    assert "replicas" not in encoded["spec"]


def test_a_strategy_without_rolling_update_survives_the_round_trip():
    value = decoded_set(spec__updateStrategy={"type": "RollingUpdate"})
    assert value.spec.update_strategy == UpdateStrategy(type="RollingUpdate")
    assert decode(encode(value)) == value


def test_the_defaults_of_the_model_are_those_of_the_api_server():
    written = decoded_set()
    bare = decode(a_set(spec__updateStrategy=encode(written.spec.update_strategy)))
    assert bare == written


def test_every_field_of_the_model_stands_in_the_schema_of_its_type():
    definitions = load_schema()["$defs"]
    for kind, model in [*KINDS.items(), ("Container", Container), ("PodSpec", PodSpec)]:
        names = set(model.__struct_encode_fields__)
        assert names <= set(definitions[kind]["properties"]), kind


def test_an_unknown_kind_is_refused():
    with pytest.raises(ManifestError, match="no such kind"):
        decode({"kind": "Deployment"})


def test_a_wrong_type_is_a_manifest_error_with_its_path():
    with pytest.raises(ManifestError) as caught:
        decode(a_set(spec__replicas="3"))
    assert caught.value.problems[0].path == "spec.replicas"


def test_a_part_of_an_object_can_be_decoded():
    spec = decode_as({"containers": [{"name": "a", "image": "b"}]}, PodSpec)
    assert spec.containers == (Container(name="a", image="b"),)


def test_values_are_immutable():
    with pytest.raises(AttributeError):
        decoded_set().spec.replicas = 3


_FIRST_USE = """
import sys, threading
from minisets.core.input.decode import decode
from tests.unit.manifests import SET

sys.setswitchinterval(1e-6)
together = threading.Barrier(8)

def run():
    together.wait()
    decode(SET)

threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_a_type_may_be_used_first_by_several_threads_at_once():
    done = subprocess.run([sys.executable, "-c", _FIRST_USE], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
