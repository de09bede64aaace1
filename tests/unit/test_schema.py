import pytest

from minisets.core.input.schema import check_schema, load_schema, strip_nulls
from tests.unit.manifests import SERVICE, SET, a_set


def problems(obj, kind="StatefulSet"):
    return [(problem.path, problem.message) for problem in check_schema(obj, kind)]


def test_good_objects_have_no_problems():
    assert problems(SET) == []
    assert problems(SERVICE, "Service") == []


def test_a_misspelt_field_is_unknown_and_the_right_one_is_suggested():
    (problem,) = check_schema(a_set(spec__replica=3), "StatefulSet")
    assert problem.path == "spec.replica"
    assert problem.message == 'unknown field "replica"'
    assert problem.hint == 'did you mean "replicas"?'


def test_a_field_in_the_wrong_case_is_suggested_in_the_right_one():
    (problem,) = check_schema(a_set(template__hostipc=True), "StatefulSet")
    assert problem.hint == 'did you mean "hostIPC"?'


def test_a_field_like_no_other_gets_no_suggestion():
    (problem,) = check_schema(a_set(spec__zzz=3), "StatefulSet")
    assert problem.hint == ""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("3", 'must be an integer, not the string "3"'),
        (True, "must be an integer, not true"),
        ([], "must be an integer, not a list"),
        ({}, "must be an integer, not a map"),
        (1.5, "must be an integer, not the number 1.5"),
        (2**31, "Invalid value: 2147483648: is out of range"),
    ],
)
def test_a_wrong_type_says_what_is_wanted_and_what_is_there(value, message):
    assert problems(a_set(spec__replicas=value)) == [("spec.replicas", message)]


def test_a_field_with_two_types_names_both():
    obj = a_set(container__readinessProbe={"tcpSocket": {"port": True}})
    assert problems(obj) == [
        (
            "spec.template.spec.containers[0].readinessProbe.tcpSocket.port",
            "must be a string or an integer, not true",
        )
    ]


def test_a_missing_field_is_required():
    obj = a_set()
    del obj["spec"]["selector"]
    assert problems(obj) == [("spec.selector", "Required value")]


def test_a_wrong_choice_lists_the_supported_values():
    assert problems(a_set(container__imagePullPolicy="Sometimes")) == [
        (
            "spec.template.spec.containers[0].imagePullPolicy",
            'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
        )
    ]


def test_a_label_that_is_a_number_must_be_quoted():
    obj = a_set(metadata__labels={"version": 1.2})
    assert problems(obj) == [("metadata.labels.version", "must be a string, not the number 1.2")]


def test_all_problems_are_found_at_once():
    obj = a_set(spec__replica=1, spec__replicas="3", container__imag="x")
    assert len(problems(obj)) == 3


def test_nulls_are_as_if_not_written():
    obj = a_set(spec__replicas=None, container__command=None)
    assert strip_nulls(obj) == SET


def test_a_null_in_a_map_of_strings_is_an_empty_string():
    obj = {"data": {"empty": None}, "metadata": {"labels": {"a": None}}}
    assert strip_nulls(obj) == {"data": {"empty": ""}, "metadata": {"labels": {"a": ""}}}


def test_a_null_in_a_list_is_refused():
    obj = strip_nulls(a_set(container__args=["a", None]))
    assert problems(obj) == [
        ("spec.template.spec.containers[0].args[1]", "must be a string, not null")
    ]


def test_the_schema_refers_only_to_what_it_holds():
    definitions = load_schema()["$defs"]

    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"].rpartition("/")[2]
            for value in node.values():
                yield from references(value)

    assert set(references(definitions)) <= set(definitions)


def test_a_package_without_its_schema_says_which_file_is_missing(monkeypatch):
    monkeypatch.setattr("pkgutil.get_data", lambda *_: None)
    with pytest.raises(FileNotFoundError, match=r"schema\.json"):
        load_schema.__wrapped__()


def test_a_long_text_is_shown_shortened():
    (problem,) = check_schema(a_set(spec__replicas="x" * 100), "StatefulSet")
    assert problem.message.endswith('x..."')
