from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minisets.core.query.jsonpath import (
    find,
    holds,
    parse,
    parse_condition,
    parse_path,
    render,
    to_text,
)
from minisets.errors import InputError

POD = {
    "kind": "List",
    "items": [
        {
            "metadata": {"name": "web-0", "labels": {"app.kubernetes.io/name": "web"}},
            "spec": {"containers": [{"name": "a", "port": 80}, {"name": "b", "port": 443}]},
            "status": {
                "ready": True,
                "conditions": [{"type": "Ready", "status": "True"}, {"type": "Scheduled"}],
            },
        },
        {
            "metadata": {"name": "web-1"},
            "spec": {"containers": [{"name": "c", "port": 81}]},
            "status": {"ready": False},
        },
    ],
    "numbers": [1, 2, 3, 4],
    "none": [],
    "nothing": None,
    "ratio": 1.5,
    "html": {"b": "<", "a": 1.0},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("hello", "hello"),
        (".kind", ".kind"),
        ("a {.kind} b", "a List b"),
        ("{.items[0].metadata.name}", "web-0"),
        ("{.items[-1].metadata.name}", "web-1"),
        ("{.items[*].metadata.name}", "web-0 web-1"),
        ("{$.kind}{@.kind}", "ListList"),
        ("{.numbers[0:2]}", "1 2"),
        ("{.numbers[:-1]}", "1 2 3"),
        ("{.numbers[-2:]}", "3 4"),
        ("{.numbers[::2]}", "1 3"),
        ("{.numbers[5:5]}", ""),
        ("{.numbers[0,2]}", "1 3"),
        ("{.none[*]}", ""),
        ("{.html['a','b']}", "1 <"),
        ("{.items[*]['metadata.name', 'status.ready']}", "web-0 web-1 true false"),
        (r"{.items[0].metadata.labels.app\.kubernetes\.io/name}", "web"),
        ("{.items[0].metadata.labels['app.kubernetes.io/name']}", "web"),
        (r"{.items[0].metadata.labels['app\.kubernetes\.io/name']}", "web"),
        ("{..name}", "web-0 a b web-1 c"),
        ("{...port}", "80 443 81"),
        ("{.html.*}", "1 <"),
        ('{.items[0].status.conditions[?(@.type=="Ready")].status}', "True"),
        ("{.items[0].status.conditions[?(@.status)].type}", "Ready"),
        ('{.items[0].status.conditions[?(@.status!="False")].type}', "Ready"),
        ("{.items[?(@.status.ready==true)].metadata.name}", "web-0"),
        ("{.items[*].spec.containers[?(@.port>80)].name}", "b c"),
        ("{.items[*].spec.containers[?(@.port>=81)].name}", "b c"),
        ("{.items[*].spec.containers[?(@.port<81)].name}", "a"),
        ("{.items[*].spec.containers[?( @.port <= 81 )].name}", "a c"),
        ("{.items[?(@.spec.containers[?(@.port==81)])].metadata.name}", "web-1"),
        ('{range .items[*]}{.metadata.name}{"\\n"}{end}{.kind}', "web-0\nweb-1\nList"),
        (
            "{range .items[*]}{.metadata.name}:{range .spec.containers[*]}{.name},{end}+{end}",
            "web-0:a,b,+web-1:c,+",
        ),
        ("{range .none[*]}{.x}{range .y[*]}z{end}{end}!", "!"),
        ("{range .numbers[*]}<{@}>", "<1><2><3><4>"),
        ("{.nothing[0]}{.nothing[?(@.a)]}{.kind.a}{.kind['a.b']}{.html['a.b']}", ""),
        ("{.missing}{.missing.more[*].deep}", ""),
        ("{.nothing}{.nothing.more}", "null"),
        ("{.html}", r'{"a":1,"b":"\u003c"}'),
        ("{.none} {.ratio}", "[] 1.5"),
        ('{"{"}{\'\\\'\'}{"\\u00e9\\x41\\101"}', "{'\u00e9AA"),
        ("", ""),
    ],
)
def test_a_template_prints_what_kubectl_prints(template, text):
    assert render(parse(template), POD) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.a", "unclosed action at position 4"),
        ("{.a\n}", "unclosed action"),
        ("{hello}", "unrecognized identifier hello at position 2"),
        ("ab{#}", "unrecognized character in action: U\\+0023 '#' at position 4"),
        ("{end}", "not in range, nothing to end at position 1"),
        ("{range .a}{end}{end}", "nothing to end at position 16"),
        ("{....a}", "invalid multiple recursive descent"),
        ("{.a[}", "unterminated array"),
        ("{.a[x]}", "invalid array index at position 5"),
        ("{.a[]}", "invalid array index"),
        ("{.a[1x]}", "invalid array index"),
        ("{.a[1", "unterminated array"),
        ("{.a[0:2:0]}", "step must be > 0"),
        ("{.a[?(@.b<>1)]}", "unrecognized filter operator <>"),
        ("{.a[?(@.b==)]}", "compares with nothing"),
        ("{.a[?(@.b==1)}", "unclosed array expect ]"),
        ("{.a[?(@.b", "unclosed action"),
        ('{.a[?(@.b=="x"||@.c)]}', "unrecognized character in action: U\\+007C"),
        ('{"x}', "unterminated quoted string"),
        (r'{"\q"}', "unquote string"),
        (r'{"\ud800"}', "unquote string"),
        (r'{"\Uffffffff"}', "unquote string"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
        ("{range .a}" * 40, "ranges are nested too deep"),
        ("{" + "[?(" * 40, "filters are nested too deep"),
    ],
)
def test_a_wrong_template_is_refused_with_the_place(template, message):
    with pytest.raises(InputError, match=message) as caught:
        parse(template)
    assert " at position " in str(caught.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.numbers[4]}", "index 4, length 4"),
        ("{.numbers[-5]}", "index -1, length 4"),
        ("{.none[0]}", "index 0, length 0"),
        ("{.numbers[0:9]}", "index 9, length 4"),
        ("{.numbers[3:1]}", "starting index 3 is greater than ending index 1"),
        ("{.html[0]}", "is not array or slice at position 8"),
        ("{.html[?(@.a)]}", "cannot be filtered"),
        ('{.numbers[?(@=="x")]}', "incompatible types"),
        ("{.items[?(@.status.ready<true)]}", "invalid type"),
        ("{.items[?(@.status==1)]}", "invalid type"),
        ("{.items[?(@.spec.containers[*].port==1)]}", "one element at a time"),
    ],
)
def test_a_path_that_makes_no_sense_for_the_value_is_refused(template, message):
    with pytest.raises(InputError, match=message):
        render(parse(template), POD)


def test_a_missing_key_is_refused_when_it_must_be_there():
    with pytest.raises(InputError, match="missing is not found at position 3"):
        render(parse("{.missing}"), POD, allow_missing_keys=False)
    assert render(parse("{.items[?(@.zzz)]}"), POD, allow_missing_keys=False) == ""


@pytest.mark.parametrize("path", [".kind", "kind", "{kind}", "{.kind}", "$.kind", "{@.kind}"])
def test_a_path_may_lack_braces_and_its_first_dot(path):
    assert find(path, POD) == ["List"]


def test_a_relaxed_path_may_descend_and_filter():
    assert find("..port", POD) == [80, 443, 81]
    assert find('items[?(@.metadata.name=="web-1")].status.ready', POD) == [False]


@pytest.mark.parametrize("path", ["", "{", "{.a}{.b}", "{}"])
def test_a_path_is_one_expression(path):
    with pytest.raises(InputError, match="unexpected path string"):
        parse_path(path)


@pytest.mark.parametrize("path", ["ab[x]", "{ab[x]}", ".ab[x]", "{.ab[x]}"])
def test_the_place_in_a_relaxed_path_is_the_one_that_was_written(path):
    with pytest.raises(InputError, match=rf"at position {path.index('x') + 1}$"):
        parse_path(path)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (123456.0, "123456"),
        (1e6, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (0.0, "0"),
        (float("inf"), "+Inf"),
        (-float("inf"), "-Inf"),
        (float("nan"), "NaN"),
        (12345678, "12345678"),
    ],
)
def test_a_number_is_written_as_go_writes_it(number, text):
    assert to_text(number) == text


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("{.status.readyReplicas}=3", True),
        ("jsonpath={.status.readyReplicas}=3", True),
        (".status.readyReplicas='3'", True),
        ("status.readyReplicas=2", False),
        ("{.status.readyReplicas}", True),
        ("{.status.missing}", False),
        ("{.status.missing}=3", False),
        ("{.status.ok}=true", True),
        ("{.status.ok}=True", False),
        ('{.status.list[?(@.a=="x")].b}=y', True),
        ("{.status.list[?(@.n>=2)].b}=z", True),
        ("{.status.list}", True),
    ],
)
def test_a_condition_holds_when_the_text_of_the_value_is_the_same(text, is_met):
    listed = [{"a": "x", "b": "y", "n": 1}, {"b": "z", "n": 2}]
    status = {"readyReplicas": 3, "ok": True, "list": listed}
    assert holds(parse_condition(text), {"status": status}) is is_met


@pytest.mark.parametrize("text", ["{.a}=", "{.a}='x=y'", "=3", "{=True", "{.a[?(@.b==1||1)]}=1"])
def test_a_wrong_condition_is_refused_with_the_place(text):
    with pytest.raises(InputError, match="at position"):
        parse_condition(text)


def test_a_condition_on_several_values_or_on_a_list_is_refused():
    with pytest.raises(InputError, match="more than one value"):
        holds(parse_condition("{.numbers[*]}=1"), POD)
    with pytest.raises(InputError, match="nested object or list"):
        holds(parse_condition("{.numbers}=1"), POD)


WORDS = [
    "{",
    "}",
    "[",
    "]",
    "?(",
    ")",
    "..",
    ".",
    "a",
    "0",
    "-1",
    ":",
    ",",
    "'",
    '"',
    "\\",
    "\n",
    "end",
    "true",
    "==",
    "<",
    "=",
    "*",
    "@",
    "$",
    "²",
    "٣",
    "\\U",
]
FRAGMENTS = st.lists(st.sampled_from([*WORDS, " ", "range "])).map("".join)


@given(text=st.text() | FRAGMENTS | FRAGMENTS.map(lambda text: f"{{{text}}}"))
def test_reading_raises_nothing_but_input_errors(text):
    for read in (parse, parse_path, parse_condition):
        with suppress(InputError):
            assert read(text) is not None


@given(text=FRAGMENTS.map(lambda text: f"{{.{text}}}"))
def test_rendering_raises_nothing_but_input_errors(text):
    with suppress(InputError):
        assert isinstance(render(parse(text), {"a": [{"a": 1}, 0]}), str)
