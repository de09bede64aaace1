from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from minisets.cli.main import cli
from minisets.core.input.defaults import API_VERSIONS
from minisets.core.input.explain import _descriptions, explain, fields_of
from minisets.core.input.schema import load_schema
from minisets.core.input.support_table import TABLE, Level
from minisets.core.query.kinds import RESOURCES
from minisets.errors import InputError


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_a_kind_has_group_version_and_fields():
    found = explain("StatefulSet", [])

    assert (found.group, found.version) == ("apps", "v1")
    assert "spec" in [field.name for field in found.fields]


def test_lists_and_maps_are_passed_through_without_an_index():
    path = ["spec", "template", "spec", "containers", "ports", "containerPort"]
    found = explain("StatefulSet", path)

    assert (found.field.type, found.field.is_required, found.fields) == ("integer", True, ())
    assert found.field.description


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("spec.template.spec.containers", "[]Container"),
        ("metadata.labels", "map[string]string"),
        ("spec.updateStrategy.rollingUpdate.maxUnavailable", "IntOrString"),
        ("spec.template.spec.containers.resources.limits", "map[string]Quantity"),
        ("spec.template", "PodTemplateSpec"),
    ],
)
def test_types_are_written_as_kubectl_writes_them(path, written):
    assert explain("StatefulSet", path.split(".")).field.type == written


def test_a_pod_is_what_the_template_of_a_set_describes():
    assert explain("Pod", ["spec", "containers"]).field.type == "[]Container"


def test_what_is_below_a_field_that_is_not_honoured_is_not_honoured():
    found = explain("StatefulSet", ["spec", "template", "spec", "affinity", "nodeAffinity"])

    assert found.field.support.level is Level.IGNORED
    assert "one machine" in found.field.support.reason


def test_every_field_has_the_level_of_the_support_table():
    for type_name, statuses in TABLE.items():
        if type_name not in API_VERSIONS:
            continue
        found = {field.name: field.support for field in explain(type_name, []).fields}
        assert all(found[name].level is statuses[name].level for name in statuses)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (["spec", "replica"], "did you mean replicas?"),
        (["spec", "zzz"], "minisets explain StatefulSet.spec"),
        (["spec", "replicas", "zzz"], "minisets explain StatefulSet.spec.replicas"),
    ],
)
def test_a_field_that_is_not_there_is_refused_with_what_may_be_meant(path, hint):
    with pytest.raises(InputError) as caught:
        explain("StatefulSet", path)

    assert "does not exist" in caught.value.message
    assert caught.value.hint == hint


def test_every_type_of_the_schema_has_its_descriptions():
    types = load_schema()["$defs"]

    assert set(_descriptions()) == set(types)
    for name, definition in types.items():
        assert set(_descriptions()[name]) == {"", *definition.get("properties", {})}


def test_explain_is_laid_out_as_kubectl_lays_it_out():
    result = run("explain", "sts.spec.template.spec.containers")

    assert result.exit_code == 0
    assert result.stdout.startswith(
        "GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\n"
        "FIELD: containers <[]Container>\n\nDESCRIPTION:\n    "
    )
    assert "\nHERE:\n    honoured\n\nFIELDS:\n  args\t<[]string>\n    " in result.stdout
    assert "\n  name\t<string> -required-\n    " in result.stdout
    assert "\n  imagePullPolicy\t<string>\n  enum: Always, IfNotPresent, Never\n" in result.stdout
    prose = [line for line in result.stdout.splitlines() if "://" not in line]
    assert max(map(len, prose)) <= 80


def test_what_is_ignored_or_refused_says_so_in_its_place():
    result = run("explain", "pod.spec")

    assert "  nodeName\t<string>\n    HERE: ignored: there is one machine" in result.stdout


def test_the_whole_tree_ends_also_where_types_hold_themselves():
    lines = run("explain", "sts", "--recursive").stdout.splitlines()

    assert any(line.startswith("  spec\t<StatefulSetSpec>") for line in lines)
    assert any(line.startswith("      spec\t<PodSpec>") for line in lines)
    assert any(line.endswith("<Affinity> -ignored-") for line in lines)
    assert not any("nodeAffinity" in line for line in lines)


def test_every_type_can_be_explained():
    for resource in RESOURCES:
        if resource.kind in {"Pod", *API_VERSIONS}:
            assert fields_of(explain(resource.kind, []).field)
            assert run("explain", resource.plural).exit_code == 0


def test_types_are_listed_with_kubectls_columns():
    lines = run("api-resources").stdout.splitlines()

    assert lines[0].split() == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    assert ["statefulsets", "sts,set,sets", "apps/v1", "true", "StatefulSet"] in [
        line.split() for line in lines
    ]
    assert len(lines) == len(RESOURCES) + 1


def test_types_are_listed_by_where_they_live_and_by_name_alone():
    names = run("api-resources", "--namespaced=false", "-o", "name").stdout.split()

    assert "persistentvolumes" in names
    assert "statefulsets.apps" not in names
    assert "statefulsets.apps" in run("api-resources", "--namespaced", "-o", "name").stdout


def test_the_global_options_can_be_asked_for():
    stdout = run("options").stdout

    assert all(word in stdout for word in ("--namespace", "--context", "--progress", "--debug"))


def test_the_version_comes_as_yaml_too():
    assert run("version", "--client", "-o", "yaml").stdout.startswith("clientVersion:\n")


def test_what_is_said_of_a_field_is_not_said_again_of_each_field_below():
    stdout = run("explain", "sts.spec.template.spec.affinity").stdout

    assert (stdout.count("HERE:"), len(stdout.split("ignored: "))) == (1, 2)


def test_a_flag_that_is_neither_true_nor_false_is_named_with_the_help_of_its_command():
    done = run("get", "pods", "-w=maybe")

    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        'error: invalid argument "maybe" for "-w, --watch" flag: it is neither true nor false',
        "hint: minisets get --help",
    ]


def test_a_type_that_is_not_here_is_answered_with_the_type_to_look_at():
    assert "hint: minisets explain sts\n" in run("explain", "deploy.spec").stderr
