"""Manifests and what becomes of them, compared as text; ``make golden`` writes it again.

``pod-*.yaml``: the Engine API's JSON for the first pod. ``plan-*.yaml``: every step from nothing.
A first line such as ``# api 1.44`` chooses the Engine.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from minisets.app.loop.pod_storage import mounted_volumes
from minisets.core import naming
from minisets.core.controller.actions import render
from minisets.core.controller.revision import revision_name, template_text
from minisets.core.controller.simulate import road
from minisets.core.controller.snapshot import claim_volumes, take_snapshot
from minisets.core.input.defaults import apply_defaults
from minisets.core.input.load import LoadedObject, load
from minisets.core.manifest import Service, StatefulSet
from minisets.core.network.addresses import allocate
from minisets.core.network.host_ports import published_ports
from minisets.core.network.publishing import wishes
from minisets.core.pod.container_spec import PodRequest, container_config, container_name
from minisets.core.pod.identity import NetworkPlace, identify
from minisets.core.pod.layout import Role, layout
from minisets.core.records.configuration import (
    Configuration,
    config_map_binary_keys,
    config_map_values,
)
from minisets.core.records.secret_record import fold, values_of
from minisets.core.records.set_record import SetRecord
from minisets.engine.files import parse_manifests

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
MARK = "# output\n"
SUBNET = "172.31.240.0/20"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_output_of_a_manifest_is_as_written_down(case: Path, rewrite: bool):
    text = case.read_text()
    manifest, mark, expected = text.partition(MARK)
    translate = _pod if case.stem.startswith("pod-") else _plan
    output = translate(manifest)
    if rewrite:
        case.write_text(f"{manifest}{MARK}{output}")
    else:
        assert mark, f"{case.name} has no line '# output'"
        assert output == expected


def test_there_are_cases_of_both_sorts():
    sorts = {case.stem.partition("-")[0] for case in CASES}
    assert sorts == {"pod", "plan"}


def _pod(text: str) -> str:
    found = load(parse_manifests(text, "case.yaml")).objects
    item, manifest = _the_set(found)
    namespace = item.namespace or naming.DEFAULT_NAMESPACE
    network = NetworkPlace(
        id="n1", name=naming.network_name(namespace), subnet=SUBNET, gateway="172.31.240.1"
    )
    services = tuple(one.value for one in found if isinstance(one.value, Service))
    first = manifest.spec.ordinals.start if manifest.spec.ordinals else 0
    ordinals = range(first, first + manifest.spec.replicas)
    claims = claim_volumes(manifest, namespace, first)
    template = manifest.spec.template
    asked = wishes(manifest, template, first, namespace=namespace, services=services)
    request = PodRequest(
        set_name=item.name,
        set_uid="u1",
        revision=revision_name(item.name, template_text(_defaulted(item)), 0),
        template=template,
        identity=identify(
            manifest,
            first,
            namespace=namespace,
            services=services,
            network=network,
            blocks=allocate(SUBNET, ordinals=ordinals, own=(), others=()),
        ),
        network=network,
        claims=claims,
        new_claims=tuple(claims),
        packed_spec="(packed)",
        sandbox_image="minisets/pause:1",
        publish=published_ports(asked, first, ()),
        api_version=_api_version(text),
        cpus=4,
        memory=8 * 2**30,
        host_address=network.gateway,
        node_name="box",
        configuration=_configuration(found),
        services=services,
    )
    volumes = mounted_volumes(request)
    machine = {one.source: f"/var/lib/docker/volumes/{one.source}/_data" for one in volumes}
    request = replace(request, volumes=volumes, mountpoints=machine)
    parts = layout(manifest.spec.template.spec)
    sandbox = "SANDBOX" if parts[0].role is Role.SANDBOX else ""
    configs = [
        {
            "name": container_name(request, part),
            **container_config(request, part, "" if part.role is Role.SANDBOX else sandbox),
        }
        for part in parts
    ]
    return json.dumps(configs if len(configs) > 1 else configs[0], indent=2, sort_keys=True) + "\n"


def _configuration(found: tuple[LoadedObject, ...]) -> Configuration:
    config_maps = {item.name: item.raw for item in found if item.kind == "ConfigMap"}
    return Configuration(
        config_maps={name: config_map_values(obj) for name, obj in config_maps.items()},
        secrets={item.name: values_of(fold(item.raw)) for item in found if item.kind == "Secret"},
        binary_keys={name: config_map_binary_keys(obj) for name, obj in config_maps.items()},
    )


def _plan(text: str) -> str:
    item, manifest = _the_set(load(parse_manifests(text, "case.yaml")).objects)
    snapshot = take_snapshot(
        SetRecord(object=apply_defaults(item.raw), uid="u1"),
        manifest,
        namespace=item.namespace or naming.DEFAULT_NAMESPACE,
        pods=(),
        volumes=(),
        ready_for={},
    )
    return "\n\n".join(render(step) for step in road(snapshot)) + "\n"


def _the_set(found: tuple[LoadedObject, ...]) -> tuple[LoadedObject, StatefulSet]:
    ((item, manifest),) = [
        (item, item.value) for item in found if isinstance(item.value, StatefulSet)
    ]
    return item, manifest


def _defaulted(item: LoadedObject) -> dict[str, object]:
    template: dict[str, object] = apply_defaults(item.raw)["spec"]["template"]
    return template


def _api_version(text: str) -> tuple[int, int]:
    match = re.match(r"# api (\d+)\.(\d+)\n", text)
    return (int(match[1]), int(match[2])) if match else (1, 41)
