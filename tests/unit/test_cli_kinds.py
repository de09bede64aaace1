import pytest

from minisets.cli import kinds, problems
from minisets.cli.problems import render_problem
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
    problem = Problem(message="bad", file="f", line=7, column=3, hint="good", quote="\t\tx: 1")

    assert render_problem(problem) == [
        "f:7:3: bad",
        "    7 | \t\tx: 1",
        "      | \t\t^",
        "hint: good",
    ]
    assert render_problem(problem, is_quoted=False) == ["f:7:3: bad", "hint: good"]


@pytest.mark.parametrize("quote", ["", "x" * 999])
def test_a_line_that_is_unknown_or_too_long_is_left_out(quote):
    problem = Problem(message="bad", file="<stdin>", line=1, quote=quote)

    assert render_problem(problem) == ["<stdin>:1: bad"]


@pytest.mark.parametrize("column", [1, 20, 50, 99])
def test_a_quoted_line_is_cut_around_its_caret(monkeypatch, column):
    line = ("a" * (column - 1) + "X").ljust(99, "a")
    problem = Problem(message="bad", file="f", line=7, column=column, quote=line, hint="h " * 40)
    monkeypatch.setattr(problems, "width_of", lambda _: 40)

    message, quoted, caret, hint = problems.dress(render_problem(problem))

    assert (message, hint) == (f"f:7:{column}: bad", f"hint: {problem.hint}")
    assert len(quoted) <= 40
    assert quoted[len(caret) - 1] == "X"
    assert ("..." in quoted[:12], quoted.endswith("...")) == (column > 20, column < 99)
