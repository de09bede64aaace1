import pytest

from minisets.core.input.source import Notice, Source, parse_path, render_path
from minisets.errors import Problem


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "containers", 0, "image"), "spec.containers[0].image"),
        (("metadata", "labels", "a.b/c"), "metadata.labels[a.b/c]"),
        ((), ""),
    ],
)
def test_a_path_is_written_as_kubernetes_does_and_read_back(path, text):
    assert render_path(path) == text
    assert parse_path(text) == path


def test_a_problem_gets_file_line_and_column_from_its_path():
    source = Source("web.yaml", lambda path, _value: (len(path), 7))
    placed = source.place(Problem(message="wrong", path="spec.replicas"))
    assert str(placed) == "web.yaml:2:7: spec.replicas: wrong"


def test_an_unknown_place_is_left_out_of_the_message():
    assert str(Source().place(Problem(message="wrong", path="spec"))) == "spec: wrong"


def test_a_notice_names_its_object_and_where_it_was_written():
    notice = Notice(message="is odd", path="spec.x", subject="statefulset/web")
    assert str(notice) == "statefulset/web: spec.x: is odd"
    placed = Source("web.yaml", lambda path, _value: (len(path), 7)).place_notice(notice)
    assert str(placed) == "web.yaml:2: statefulset/web: is odd"


def test_a_notice_of_what_is_ignored_names_it_with_the_reason():
    fields = Notice(message="why", path="spec.x", subject="service/a", ignored=("x", "y"))
    assert str(fields) == "service/a: x, y are ignored: why"
    whole = Notice(message="why", subject="role/a", ignored=("Role",))
    assert str(whole) == "role/a is ignored: why"
    assert (fields.is_whole, whole.is_whole) == (False, True)
