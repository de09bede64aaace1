"""Makes mutants of a module: copies of its source in which one thing is decided otherwise."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}
OPPOSITES: Mapping[str, str] = {"max": "min", "min": "max", "any": "all", "all": "any"}

Value = TypeVar("Value")

_TRUE, _FALSE = ast.Constant(value=True), ast.Constant(value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One module with one change.

    Attributes:
        place: The function or class that is changed, or ``<module>``.
        source: The text of the whole module.
    """

    module: str
    line: int
    place: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What tells this mutant from others, also when lines have moved."""
        return f"{self.module}.{self.place}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class _Site:
    """A node, and where it hangs; ``index`` is its place if the field is a list."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.expr | ast.stmt | ast.pattern
    place: str

    def hang(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    def text(self) -> str:
        # A number alone does not tell which one it is.
        if isinstance(self.node, ast.Constant):
            shown = self.parent
        else:
            value = getattr(self.parent, self.field)
            shown = value if self.index is None else value[self.index]
        return " ".join(ast.unparse(shown).split())


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Yield all mutants of a module; those that would be the same text only once."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for site in list(_sites(tree, "<module>")):
        before = site.text()
        for node in _alternatives(site):
            site.hang(node)
            text, after = ast.unparse(tree), site.text()
            site.hang(site.node)
            if text in seen:
                continue
            seen.add(text)
            yield Mutant(
                module=module,
                line=site.node.lineno,
                place=site.place,
                before=before,
                after=after,
                source=text,
            )


def _sites(parent: ast.AST, place: str) -> Iterator[_Site]:
    for field, value in ast.iter_fields(parent):
        # Annotations are not run, and how a class is made is no decision.
        if field in {"annotation", "returns", "decorator_list"}:
            continue
        if isinstance(parent, ast.ClassDef) and field == "keywords":
            continue
        for index, node in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(node, ast.expr | ast.stmt | ast.pattern):
                yield _Site(parent, field, index if isinstance(value, list) else None, node, place)
            if isinstance(node, ast.AST):
                yield from _sites(node, _place_in(node, place))


def _place_in(node: ast.AST, place: str) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name if place == "<module>" else f"{place}.{node.name}"
    return place


def _alternatives(site: _Site) -> Iterator[ast.AST]:
    yield from _by_place(site)
    match site.node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            pass
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.MatchOr(patterns=patterns):
            yield from (ast.MatchOr(patterns=rest) for rest in _without_one(patterns))
        case ast.Compare() | ast.BoolOp() | ast.BinOp() | ast.UnaryOp() as node:
            yield from _other_operators(node)
        case ast.Constant(value=bool() as flag):
            yield ast.Constant(value=not flag)
        case ast.Constant(value=int() | float() as number):
            yield from (ast.Constant(value=number + 1), ast.Constant(value=number - 1))
        case ast.Starred(ctx=ast.Load()):
            yield ast.Starred(value=ast.Tuple(elts=[], ctx=ast.Load()), ctx=ast.Load())
        case ast.Call(func=ast.Name(id=function)) as node:
            yield from _other_calls(node, function)
        case _:
            pass


def _by_place(site: _Site) -> Iterator[ast.expr]:
    match site.parent, site.field:
        case (ast.If() | ast.IfExp(), "test"):
            yield from (_TRUE, _FALSE)
        case (ast.While(), "test"):
            # A loop without an end tells nothing.
            yield _FALSE
        case (ast.comprehension(), "ifs"):
            yield _TRUE
        case (ast.Return(), "value") if not isinstance(site.node, ast.Constant):
            yield ast.Constant(value=None)
        case _:
            pass


def _other_operators(
    node: ast.Compare | ast.BoolOp | ast.BinOp | ast.UnaryOp,
) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[comparison], comparators=rights):
            for other in COMPARISONS[type(comparison)]:
                yield ast.Compare(left=left, ops=[other()], comparators=rights)
        case ast.BoolOp(op=junction, values=values):
            yield ast.BoolOp(ast.And() if isinstance(junction, ast.Or) else ast.Or(), values)
            for rest in _without_one(values):
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op=junction, values=rest)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
            yield ast.BinOp(left=left, op=ARITHMETIC[type(operator)](), right=right)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case _:
            pass


def _other_calls(node: ast.Call, function: str) -> Iterator[ast.expr]:
    if function in OPPOSITES:
        yield ast.Call(ast.Name(id=OPPOSITES[function]), node.args, node.keywords)
    elif function == "sorted":
        forward = [one for one in node.keywords if one.arg != "reverse"]
        if forward != node.keywords:
            yield ast.Call(node.func, node.args, forward)
        yield ast.Call(ast.Name(id="list"), node.args, [])
    elif function == "reversed":
        yield node.args[0]


def _without_one(values: Sequence[Value]) -> Iterator[list[Value]]:
    for index in range(len(values)):
        yield [*values[:index], *values[index + 1 :]]
