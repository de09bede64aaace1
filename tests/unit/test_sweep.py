import subprocess
from pathlib import Path

from scripts.sweep import Outcome, manifests, report, sweep

GOOD = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "web.yaml"
    file.write_text(text)
    return file


def test_a_manifest_that_runs_has_its_notices(tmp_path):
    outcome = sweep(written(tmp_path, GOOD))
    assert (outcome.code, outcome.fault) == (0, "")
    assert [line.partition(":16: ")[2] for line in outcome.notices] == [
        "serviceaccount/web is ignored: there is no Kubernetes API here"
    ]


def test_a_refusal_has_its_places_and_reasons(tmp_path):
    outcome = sweep(written(tmp_path, GOOD.replace("serviceName", "serviceNam")))
    assert (outcome.code, outcome.fault) == (2, "")
    assert outcome.reasons == ('10:3: spec.serviceNam: unknown field "serviceNam"',)


def test_a_refusal_without_a_place_is_a_fault(tmp_path):
    outcome = sweep(tmp_path / "missing.yaml")
    assert outcome.code == 2
    assert "does not exist" in outcome.fault


def test_the_report_counts_and_tells_why(tmp_path, capsys):
    files = [tmp_path / "a.yaml", tmp_path / "b" / "c.yml"]
    files[1].parent.mkdir()
    for file in files:
        file.touch()
    assert list(manifests(tmp_path)) == files
    refused = Outcome(file=files[1], code=2, reasons=("3:1: spec: Required value",))
    report(
        tmp_path,
        [Outcome(file=files[0], code=0, notices=("a.yaml:2: web",)), refused],
        tell_notices=True,
    )
    out = capsys.readouterr().out
    assert "1 refused (50.0 %)" in out
    assert "refused: b/c.yml\n  3:1: spec: Required value" in out


def test_what_neither_stands_in_the_result_nor_in_a_notice_is_a_fault(tmp_path, monkeypatch):
    run = subprocess.run

    def silent(*words, **options):
        done = run(*words, **options)
        done.stdout = done.stdout.replace("service/web created (dry run)", "")
        return done

    monkeypatch.setattr("subprocess.run", silent)
    fault = sweep(written(tmp_path, GOOD)).fault
    assert fault == "is silent about: service/web created (dry run)"
