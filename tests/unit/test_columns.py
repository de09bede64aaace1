from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minisets.core.query.columns import headers, parse_columns, row, sort_by
from minisets.errors import InputError

POD = {
    "metadata": {"name": "web-0", "labels": {"b": "2", "a": "1"}},
    "spec": {"containers": [{"image": "x"}, {"image": "y"}], "args": ["p", "q"]},
    "status": {"readyReplicas": 3, "ready": True, "nothing": None, "evil": "\x1b[31m\r"},
}


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        (".metadata.name", "web-0"),
        ("metadata.name", "web-0"),
        ("{.metadata.name}", "web-0"),
        (".status.readyReplicas", "3"),
        (".status.ready", "true"),
        (".status.missing", "<none>"),
        (".status.nothing", "<nil>"),
        (".spec.containers[*].image", "x,y"),
        (".metadata.labels", "map[a:1 b:2]"),
        (".spec.args", "[p q]"),
        (".status.evil", "^[[31m\\r"),
    ],
)
def test_a_cell_shows_what_kubectl_shows(path, cell):
    assert row(parse_columns(f"X:{path}"), POD) == (cell,)


def test_columns_keep_their_order():
    columns = parse_columns("NAME:.metadata.name,READY:.status.readyReplicas")
    assert headers(columns) == ("NAME", "READY")
    assert row(columns, POD) == ("web-0", "3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no custom columns given"),
        ("NAME", "unexpected custom-columns spec: NAME at position 1"),
        ("A:.a,B", "unexpected custom-columns spec: B at position 6"),
        ("A:", "expected <header>:<json-path-expr>"),
        ("A:.a[x]", "column A: jsonpath: invalid array index at position 4"),
    ],
)
def test_wrong_columns_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse_columns(text)


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([10, 9, 1.5], [1.5, 9, 10]),
        (["1Gi", "500Mi", "2k"], ["2k", "500Mi", "1Gi"]),
        (["web-10", "web-9", "web-1"], ["web-1", "web-9", "web-10"]),
        (["a1", "a-b", "a"], ["a", "a-b", "a1"]),
        (["x01", "x1", "x001"], ["x001", "x01", "x1"]),
        (["2025-01-02T00:00:00Z", "2024-12-31Z"], ["2024-12-31Z", "2025-01-02T00:00:00Z"]),
        (["1Gi", "b", "10"], ["1Gi", "10", "b"]),
        ([2, None, 1], [None, 1, 2]),
        (["b", None, "a"], [None, "a", "b"]),
        ([], []),
    ],
)
def test_a_list_is_sorted_by_value(values, ordered):
    objects = [{} if value is None else {"v": value} for value in values]
    assert [each.get("v") for each in sort_by(".v", objects)] == ordered


def test_equal_objects_keep_their_order():
    objects = [{"v": "1Gi", "n": 1}, {"v": "1024Mi", "n": 2}]
    assert sort_by("{.v}", objects) == objects


def test_sorting_by_a_field_that_no_object_has_is_refused():
    with pytest.raises(InputError, match=r'any field with path "{\.x}" in the list of objects'):
        sort_by(".x", [{"v": 1}])


@pytest.mark.parametrize("values", [[True, False], [{}], [[1]], [1, "a"]])
def test_what_has_no_order_is_refused(values):
    with pytest.raises(InputError, match="unsortable value"):
        sort_by(".v", [{"v": value} for value in values])


@given(text=st.text() | st.lists(st.sampled_from(list("A:.,[]{}*'x0"))).map("".join))
def test_reading_raises_nothing_but_input_errors(text):
    with suppress(InputError):
        assert parse_columns(text)
