from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minisets.core.query.selectors import matches, parse_fields, parse_labels
from minisets.errors import InputError

LABELS = {"a": "b", "tier": "db", "n": "5", "empty": "", "example.com/x": "y", "in": "notin"}


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ("", True),
        ("a=b", True),
        ("a==b", True),
        ("a = b , tier = db", True),
        ("a=c", False),
        ("z=b", False),
        ("a!=b", False),
        ("a!=c", True),
        ("z!=c", True),
        ("tier in (web,db)", True),
        ("tier in (web)", False),
        ("z in (web)", False),
        ("tier notin (db)", False),
        ("tier notin(web)", True),
        ("z notin (db)", True),
        ("a", True),
        ("z", False),
        ("!a", False),
        ("! z", True),
        ("empty=", True),
        ("empty=,a", True),
        ("empty in ()", True),
        ("empty in (x,)", True),
        ("a in (,b)", True),
        ("a in (x,,b)", True),
        ("example.com/x=y", True),
        ("in in (notin)", True),
        ("n>4", True),
        ("n>5", False),
        ("n<6", True),
        ("n<5", False),
        ("a>1", False),
        ("z<1", False),
        ("a=b,c==d", False),
    ],
)
def test_a_label_selector_matches_as_in_kubernetes(text, is_match):
    assert matches(parse_labels(text), LABELS) is is_match


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("=b", "found '=', expected: !, identifier, or 'end of string' at position 1"),
        ("a=b,", "found '', expected: identifier after ',' at position 5"),
        ("a=b,,c", "expected: identifier after ',' at position 5"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, >, < at position 3"),
        ("a=b c", "found 'c', expected: ',' or 'end of string' at position 5"),
        ("a===b", "found '=', expected: identifier at position 4"),
        ("!", "found '', expected: identifier"),
        ("!a=b", "found '=', expected: ','"),
        ("a in b", "expected: '\\('"),
        ("a in (b", "expected: ',' or '\\)'"),
        ("a in (b c)", "found 'c', expected: ',' or '\\)'"),
        ("a in (=)", "found '=', expected: ',', '\\)' or identifier"),
        ("a>x", "must be an integer, not 'x'"),
        ("-a=b", "name part must consist of"),
        ("a=-b", "a valid label must be"),
        ("x=y,a=" + "b" * 64, "no more than 63 characters at position 5"),
    ],
)
def test_a_wrong_label_selector_is_refused_with_the_place(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_labels(text)
    assert "at position" in str(caught.value)


OBJECT = {
    "metadata": {"name": "web-0", "note": "a,b=c\\d"},
    "status": {"phase": "Running"},
    "spec": {"replicas": 3, "paused": False},
}


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ("", True),
        ("metadata.name=web-0", True),
        ("metadata.name==web-0", True),
        ("metadata.name=web-1", False),
        ("metadata.name!=web-0", False),
        ("status.phase!=Pending,metadata.name=web-0", True),
        ("status.phase!=Pending,metadata.name=web-1", False),
        ("spec.nodeName=", True),
        ("spec.nodeName!=", False),
        ("status.phase=", False),
        ("metadata.name.deeper=", True),
        ("spec.replicas=3,,spec.paused=false,", True),
        (r"metadata.note=a\,b\=c\\d", True),
    ],
)
def test_a_field_selector_matches_as_in_kubernetes(text, is_match):
    assert matches(parse_fields(text), OBJECT) is is_match


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metadata.name", "can't understand 'metadata.name' at position 1"),
        ("a=b,c", "can't understand 'c' at position 5"),
        ("a=b=c", "can't understand 'a=b=c'"),
        (r"a=\x", "invalid escape sequence: .* at position 3"),
    ],
)
def test_a_wrong_field_selector_is_refused_with_the_place(text, message):
    with pytest.raises(InputError, match=message):
        parse_fields(text)


def test_a_field_that_objects_cannot_be_selected_by_is_refused():
    assert parse_fields("metadata.name=x", supported={"metadata.name"}).requirements
    with pytest.raises(
        InputError, match=r'"spec\.x" is not a known field selector: only metadata'
    ):
        parse_fields("spec.x=1", supported={"metadata.name"})


PIECES = ["a", "in", "notin", "(", ")", ",", "=", "==", "!", "!=", "<", ">", " ", "\\", "\n", "1"]


@given(text=st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_reading_and_matching_raise_nothing_but_input_errors(text):
    for read, target in ((parse_labels, LABELS), (parse_fields, OBJECT)):
        with suppress(InputError):
            assert matches(read(text), target) in (True, False)


def test_a_misspelt_field_is_told_with_the_one_that_was_meant():
    with pytest.raises(InputError, match="is not a known field selector") as caught:
        parse_fields("status.phse=Running", supported=("metadata.name", "status.phase"))
    assert caught.value.hint == "did you mean status.phase?"
