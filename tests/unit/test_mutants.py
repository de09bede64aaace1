"""Which mutants `make mutation` makes of which code."""

from __future__ import annotations

import ast

import pytest

from scripts.mutation.mutants import mutants


def _changes(source: str) -> list[str]:
    return [f"{one.before} -> {one.after}" for one in mutants("any", source)]


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("a < b", ["a < b -> a <= b", "a < b -> a >= b"]),
        ("a or b", ["a or b -> a and b", "a or b -> b", "a or b -> a"]),
        ("not a", ["not a -> a"]),
        ("a + b", ["a + b -> a - b"]),
        ("flag = True", ["flag = True -> flag = False"]),
        ("n = 1", ["n = 1 -> n = 2", "n = 1 -> n = 0"]),
        ("x = a if b else c", ["b -> True", "b -> False"]),
        ("if a:\n    b", ["a -> True", "a -> False"]),
        ("while a:\n    break", ["a -> False", "break -> pass"]),
        ("[x for x in y if x]", ["x -> True"]),
        ("max(a, b)", ["max(a, b) -> pass", "max(a, b) -> min(a, b)"]),
        (
            "x = sorted(a, reverse=True)",
            [
                "sorted(a, reverse=True) -> sorted(a)",
                "sorted(a, reverse=True) -> list(a)",
                "reverse=True -> reverse=False",
            ],
        ),
        ("x = (*a, b)", ["*a -> *()"]),
        ("def f():\n    return a", ["a -> None"]),
        ("x += y", ["x += y -> pass"]),
        ("match x:\n    case a.B | a.C:\n        y", ["a.B | a.C -> a.C", "a.B | a.C -> a.B"]),
    ],
)
def test_what_is_decided_is_decided_otherwise(source: str, changes: list[str]):
    assert _changes(source) == changes


@pytest.mark.parametrize(
    "source",
    [
        '"""Texts are no decisions."""',
        "@dataclass(frozen=True)\nclass A:\n    x: Literal[1]",
        "class A(Struct, frozen=True):\n    x: int",
        "def f(a: Literal[1]) -> Literal[2]:\n    pass",
        "x = a | b",
        "assert_never(x)",
    ],
)
def test_what_decides_nothing_is_left_alone(source: str):
    assert _changes(source) == []


def test_a_mutant_is_the_whole_module_with_one_change_and_says_where():
    source = "class A:\n    def f(self):\n        return 1\n\nx = 2\n"
    first = next(mutants("some", source))
    assert first.source == ast.unparse(ast.parse(source.replace("return 1", "return 2")))
    assert (first.line, first.name) == (3, "some.A.f: return 1 -> return 2")


def test_two_changes_with_one_result_are_one_mutant():
    assert _changes("x = a if True else b") == ["a if True else b -> a if False else b"]
