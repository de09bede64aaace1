import pytest

from minisets.cli import kinds
from minisets.cli.problems import read_line, render_problem
from minisets.errors import InputError, Problem


@pytest.mark.parametrize(
    "word", ["sts", "statefulset", "StatefulSets", "statefulset.apps", "statefulsets.v1.apps"]
)
def test_a_set_has_kubectls_words(word):
    assert kinds.find_resource(word, kinds.READABLE) is kinds.SET


def test_what_is_unknown_names_each_type_once():
    with pytest.raises(InputError, match='no resource type "foo"') as caught:
        kinds.find_resource("foo", kinds.READABLE)
    listed = str(caught.value.hint).partition(": ")[2].split(", ")
    assert len(listed) == len(set(listed)) == len(kinds.RESOURCES)


def test_no_word_names_two_resources():
    words = [word for resource in kinds.RESOURCES for word in resource.words]

    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["sts"], {kinds.SET: []}),
        (["pods", "a", "b"], {kinds.POD: ["a", "b"]}),
        (["pod/a", "sts/b", "po/c"], {kinds.POD: ["a", "c"], kinds.SET: ["b"]}),
        (["pods,svc"], {kinds.POD: [], kinds.SERVICE: []}),
        (["all"], {kinds.POD: [], kinds.SERVICE: [], kinds.SET: []}),
    ],
)
def test_types_and_names_are_parsed_as_kubectl_does(words, wanted):
    assert kinds.parse_words(words, kinds.READABLE, is_all_known=True) == wanted


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ()),
        (["web", "db"], ("web", "db")),
        (["sts/web", "db"], ("web", "db")),
        (["sts", "web"], ("web",)),
    ],
)
def test_where_one_type_makes_sense_names_are_enough(words, names):
    assert kinds.parse_names(words, kinds.SET) == names


def test_another_type_is_refused_where_one_makes_sense():
    with pytest.raises(InputError, match="no resource type"):
        kinds.parse_names(["pod/web-0"], kinds.SET)


def test_the_caret_stands_below_its_column_also_after_tabs():
    problem = Problem(message="bad", file="f", line=7, column=3, hint="good")

    assert render_problem(problem, lambda *_: "\t\tx: 1") == [
        "f:7:3: bad",
        "    7 | \t\tx: 1",
        "      | \t\t^",
        "hint: good",
    ]


def test_a_line_that_cannot_be_read_again_is_left_out(tmp_path):
    file = tmp_path / "f"
    file.write_text("one\ntwo\n")

    assert read_line(str(file), 2) == "two"
    assert read_line(str(file), 3) is None
    assert read_line("<stdin>", 1) is None
    assert render_problem(Problem(message="bad", file="<stdin>", line=1), read_line) == [
        "<stdin>:1: bad"
    ]
