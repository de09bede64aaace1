"""What apply tells: in few lines, at the place where it was written, of what will be."""

from __future__ import annotations

from minisets.app.apply import ApplyOptions, apply
from minisets.app.changes import place
from minisets.core.input.load import load
from minisets.engine.files import parse_manifests
from tests.app.bench import Bench, a_service, a_set, container_of

TEXT = """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: nowhere
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: minisets/demo:1
"""


def remapped(name: str = "web") -> dict[str, object]:
    service = a_service(name, selector=name)
    del service["spec"]["clusterIP"]
    service["spec"]["ports"] = [{"port": 8000, "targetPort": 80}]
    return service


def test_a_notice_has_file_and_line(bench: Bench):
    objects = place(load(parse_manifests(TEXT, "web.yaml")).objects, "default", is_explicit=False)
    apply(bench.command(), objects, ApplyOptions(), lambda *_: None)
    assert bench.reporter.notices == [
        'web.yaml:6: statefulset/web: there is no Service "nowhere" here; its names exist anyway'
    ]


def test_what_several_sets_have_in_common_is_told_once(bench: Bench):
    sets = [a_set("a", replicas=0), a_set("b", replicas=0)]
    for one in sets:
        container_of(one)["envFrom"] = [{"secretRef": {"name": "keys"}}]
    bench.apply(a_service("a"), a_service("b"), *sets)
    assert bench.reporter.notices == [
        "statefulset/a and statefulset/b: spec.template.spec.containers[0].envFrom[0]: there is "
        'no secret "keys", so its pods cannot start: minisets create secret generic keys '
        "--from-literal=KEY=VALUE -n default"
    ]


def test_the_ports_of_a_service_are_told_with_it_and_with_its_set(bench: Bench):
    bench.apply(a_service(), a_set(replicas=0))
    assert bench.reporter.notices == []
    bench.apply(remapped())
    (told,) = bench.reporter.notices
    assert told.endswith("reach the pods of statefulset/web at 80, not 8000")
    bench.apply(a_service(), a_set(replicas=0))
    assert bench.reporter.notices == []
    bench.apply(remapped(), a_set(replicas=0))
    assert len([text for text in bench.reporter.notices if "remap" in text]) == 1
