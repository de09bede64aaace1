import pytest

from minisets.cli import problems
from minisets.cli.problems import render_problem
from minisets.core.query import kinds
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


def test_a_line_that_is_unknown_is_left_out():
    problem = Problem(message="bad", file="<stdin>", line=1, quote="")

    assert render_problem(problem) == ["<stdin>:1: bad"]


@pytest.mark.parametrize("column", [1, 100, 500, 998])
def test_a_line_that_is_long_is_cut_around_its_caret_in_a_pipe_too(column):
    line = ("a" * (column - 1) + "X").ljust(999, "a")
    problem = Problem(message="bad", file="f", line=7, column=column, quote=line)

    _, quoted, caret = render_problem(problem)

    assert len(quoted) <= 160
    assert quoted[len(caret) - 1] == "X"


def test_a_long_line_without_a_column_is_cut_at_its_end():
    _, quoted = render_problem(Problem(message="bad", file="f", line=7, quote="x" * 999))

    assert len(quoted) <= 160
    assert quoted.endswith("x...")


def test_the_caret_stands_below_its_column_after_letters_of_two_columns_and_of_none():
    quote = "名e\u0301: x"
    problem = Problem(message="bad", file="f", line=7, column=quote.index("x") + 1, quote=quote)

    _, quoted, caret = render_problem(problem)

    # One letter of two columns, and an accent that stands above another letter.
    assert len(caret) == len(quoted)
    assert caret.endswith("     ^")


def test_a_wide_line_is_cut_by_the_columns_it_takes(monkeypatch):
    quote = "名" * 30 + "X" + "名" * 30
    problem = Problem(message="bad", file="f", line=7, column=31, quote=quote)
    monkeypatch.setattr(problems, "width_of", lambda _: 40)

    _, quoted, caret = problems.dress(render_problem(problem))

    wide = quoted.count("名")
    assert len(quoted) + wide <= 40
    assert len(caret) - 1 == quoted.index("X") + quoted[: quoted.index("X")].count("名")


def test_what_would_steer_a_terminal_is_not_printed():
    problem = Problem(
        message='unknown field "\x1b[2J"', path="a\x9b", file="f", line=7, quote="a\x07: \x1b[31m"
    )

    assert render_problem(problem) == ['f:7: a?: unknown field "?[2J"', "    7 | a?: ?[31m"]


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
