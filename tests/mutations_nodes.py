"""What may stand in the place of a part of a module, and what a part can do without."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

Members = Mapping[str, Sequence[str]]
"""Names of enumerations, each with its members."""

_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_OPPOSITES = {
    "all": "any",
    "any": "all",
    "ceil": "floor",
    "dropwhile": "takewhile",
    "endswith": "startswith",
    "intersection": "union",
    "max": "min",
    "min": "max",
    "sorted": "list",
    "startswith": "endswith",
    "takewhile": "dropwhile",
    "union": "intersection",
}
_BUILT_IN_TYPES = frozenset({"bool", "float", "int", "str"})


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a node stands in its parent, `index` in a list; outermost nodes first."""

    parent: ast.AST
    name: str
    index: int | None
    inside: tuple[ast.AST, ...]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            cast("list[ast.AST]", getattr(self.parent, self.name))[self.index] = node


def alternatives(node: ast.AST, place: Place, members: Members) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        yield from _statements(node, place)
    if isinstance(node, ast.ExceptHandler):
        yield from _handlers(node)
    if isinstance(node, ast.expr):
        yield from _conditions(place)
        yield from _member(node, members)
        for other in _EXPRESSIONS:
            yield from other(node)


def removals(node: ast.AST) -> Iterator[tuple[tuple[str, ...], int]]:
    """Fields that are lists, and the index of an element that they may do without."""
    fields, count = _lists(node)
    yield from ((fields, index) for index in range(count))


def _lists(node: ast.AST) -> tuple[tuple[str, ...], int]:
    match node:
        case (
            ast.List(elts=parts)
            | ast.Set(elts=parts)
            | ast.Tuple(elts=parts, ctx=ast.Load())
        ):
            return ("elts",), len(parts)
        case ast.Dict(values=parts):
            return ("keys", "values"), len(parts)
        case ast.BoolOp(values=parts):
            return ("values",), len(parts)
        case ast.Call(keywords=parts) if parts:
            return ("keywords",), len(parts)
        case ast.Call(args=parts) if len(parts) > 1:
            return ("args",), len(parts)
        case _:
            return (), 0


def _statements(node: ast.stmt, place: Place) -> Iterator[ast.stmt]:
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Delete() | ast.Raise():
            yield ast.Pass()
        case ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value):
            constant = isinstance(value, ast.Constant) and value.value in {None, True}
            if not constant and not _in_generator(place):
                yield ast.Return(value=ast.Constant(value=None))
        case _:
            pass


def _handlers(node: ast.ExceptHandler) -> Iterator[ast.AST]:
    if not isinstance(node.body[-1], ast.Raise):
        again: list[ast.stmt] = [ast.Raise(exc=None, cause=None)]
        yield ast.ExceptHandler(type=node.type, name=node.name, body=again)


def _conditions(place: Place) -> Iterator[ast.expr]:
    """Always and never, where something hangs on it."""
    if place.name in {"test", "guard", "ifs"}:
        if not isinstance(place.parent, ast.While):
            yield ast.Constant(value=True)
        yield ast.Constant(value=False)


def _member(node: ast.expr, members: Members) -> Iterator[ast.expr]:
    """The next one of an enumeration."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        known = members.get(node.value.id, ())
        if node.attr in known and len(known) > 1:
            following = known[(known.index(node.attr) + 1) % len(known)]
            yield ast.Attribute(value=node.value, attr=following, ctx=node.ctx)


def _constants(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool() as truth):
            yield ast.Constant(value=not truth)
        case ast.Constant(value=int() as number):
            yield ast.Constant(value=number + 1)
            yield ast.Constant(value=number - 1)
        case ast.Constant(value=str() as word) if word:
            if not any(map(str.isspace, word)):
                yield ast.Constant(value=f"XX{word}")
        case _:
            pass


def _operators(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right):
            for compared in _COMPARISONS[type(op)]:
                yield ast.Compare(left=left, ops=[compared()], comparators=right)
        case ast.BoolOp(op=joined, values=values):
            other = ast.And() if isinstance(joined, ast.Or) else ast.Or()
            yield ast.BoolOp(op=other, values=values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=computed, right=right) if not _is_type(left):
            kind = _ARITHMETIC[type(computed)]
            yield ast.BinOp(left=left, op=kind(), right=right)
        case _:
            pass


def _calls(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _OPPOSITES:
            function: ast.expr = ast.Name(id=_OPPOSITES[name], ctx=ast.Load())
            keywords = [] if name == "sorted" else node.keywords
            yield ast.Call(func=function, args=node.args, keywords=keywords)
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            if name in _OPPOSITES:
                other = _OPPOSITES[name]
                function = ast.Attribute(value=value, attr=other, ctx=ast.Load())
                yield ast.Call(func=function, args=node.args, keywords=node.keywords)
        case _:
            pass


_EXPRESSIONS: tuple[Callable[[ast.expr], Iterator[ast.expr]], ...] = (
    _constants,
    _operators,
    _calls,
)


def _is_type(node: ast.expr) -> bool:
    """As in `int | Unknown`, which looks like arithmetic."""
    match node:
        case ast.BinOp(left=left):
            return _is_type(left)
        case ast.Name(id=name):
            return name[:1].isupper() or name in _BUILT_IN_TYPES
        case ast.Constant(value=value):
            return value is None
        case _:
            return False


def _in_generator(place: Place) -> bool:
    """There a return gives nothing back."""
    functions = [f for f in place.inside if isinstance(f, ast.FunctionDef)]
    return bool(functions) and any(
        isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(functions[-1])
    )
