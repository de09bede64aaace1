from __future__ import annotations

import pytest

from minisets.cli.output import parse_output, write_objects
from minisets.errors import InputError

PODS = [{"metadata": {"name": "web-0"}}, {"metadata": {"name": "web-1"}}]


def test_a_json_path_sees_one_object_or_the_list():
    names = parse_output("jsonpath={.items[*].metadata.name}")
    name = parse_output("jsonpath={.metadata.name}")
    assert write_objects(names, PODS, is_single=False) == "web-0 web-1"
    assert write_objects(name, PODS[:1], is_single=True) == "web-0"


def test_a_json_path_as_json_is_the_list_of_its_results():
    names = parse_output("jsonpath-as-json={.items[*].metadata.name}")
    assert write_objects(names, PODS, is_single=False).split() == ["[", '"web-0",', '"web-1"', "]"]


def test_templates_are_read_from_files(tmp_path):
    (tmp_path / "path").write_text("{.metadata.name}")
    (tmp_path / "columns").write_text("NAME  APP\n.metadata.name  .metadata.labels.app\n")
    path = parse_output(f"jsonpath-file={tmp_path / 'path'}")
    assert write_objects(path, PODS[:1], is_single=True) == "web-0"
    columns = parse_output(f"custom-columns-file={tmp_path / 'columns'}").columns
    assert [column.header for column in columns] == ["NAME", "APP"]


def test_a_key_may_be_missing_unless_it_is_said_otherwise():
    assert write_objects(parse_output("jsonpath={.none}"), PODS[:1], is_single=True) == ""
    strict = parse_output("jsonpath={.none}", is_strict=True)
    with pytest.raises(InputError, match="none"):
        write_objects(strict, PODS[:1], is_single=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("xml", 'output format "xml", allowed formats are: wide, name'),
        ("yaml=x", 'output format "yaml=x"'),
        ("jsonpath", "no template given"),
        ("jsonpath={.a", "unclosed"),
        ("jsonpath-file=/none/such", "cannot read the template '/none/such'"),
        ("custom-columns=", "no custom columns given"),
        ("custom-columns=A", "unexpected custom-columns spec: A"),
        ("go-template={{.x}}", "Go templates are not supported"),
    ],
)
def test_a_format_that_cannot_be_is_refused(text, said):
    with pytest.raises(InputError) as caught:
        parse_output(text)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"), [("A B\n", "two lines"), ("A B\n.a\n", r"\(2\) .* \(1\) don't match")]
)
def test_a_file_of_columns_has_as_many_paths_as_headers(tmp_path, text, said):
    (tmp_path / "columns").write_text(text)
    with pytest.raises(InputError, match=said):
        parse_output(f"custom-columns-file={tmp_path / 'columns'}")
