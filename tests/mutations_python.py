"""Modules with one small thing changed, as a slip of the hand would change it.

What is changed: comparisons, `and`, `or` and `not`, conditions, numbers, words that are
keys or states, arithmetic, arguments, elements of literals, members of enumerations,
statements, returned values and handlers. What is not: annotations, docstrings, prose,
logging, and what only type checkers read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from tests.mutations_nodes import Members, Place, alternatives, removals

# Fields of nodes that hold what is not run, or not by us.
_LEFT_OUT = frozenset(
    {"annotation", "bases", "decorator_list", "ops", "op", "ctx", "returns"}
)
_TYPES_ONLY = frozenset({"NamedTuple", "Protocol", "TypedDict"})
_NOT_RUN = (ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Assert)
_SHOWN = 90


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A whole module or statement, and what is different in it, at which line."""

    line: int
    what: str
    text: str


def members_in(modules: Sequence[str]) -> Members:
    """The enumerations that these sources define."""
    classes = (
        node
        for tree in map(ast.parse, modules)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    return {
        node.name: _assigned(node)
        for node in classes
        if any(ast.unparse(base).endswith("Enum") for base in node.bases)
    }


def _assigned(node: ast.ClassDef) -> list[str]:
    targets = [
        target
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    ]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def python_mutants(text: str, members: Members) -> Iterator[Mutant]:
    """Each with one change; those that read alike are one."""
    tree = ast.parse(text)
    seen = {ast.unparse(tree)}
    for mutant in _mutants(tree, members):
        if mutant.text not in seen:
            seen.add(mutant.text)
            yield mutant


def _mutants(tree: ast.Module, members: Members) -> Iterator[Mutant]:
    for place, node in _places(tree, ()):
        before = _shown(node)
        for other in alternatives(node, place, members):
            place.put(other)
            yield _mutant(tree, node, f"{before} -> {_shown(other)}")
            place.put(node)
        for names, index in removals(node):
            with _without(node, names, index) as gone:
                yield _mutant(tree, node, f"without {_shown(gone)}, in {before}")


def _mutant(tree: ast.Module, node: ast.AST, what: str) -> Mutant:
    text = ast.unparse(ast.fix_missing_locations(tree))
    return Mutant(line=getattr(node, "lineno", 0), what=what, text=text)


def _shown(node: ast.AST) -> str:
    words = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 3]}..."


@contextmanager
def _without(node: ast.AST, names: Sequence[str], index: int) -> Iterator[ast.AST]:
    """A node with one element less in some of its lists; the element of the last."""
    lists = [cast("list[ast.AST]", getattr(node, name)) for name in names]
    gone = [each.pop(index) for each in lists]
    yield gone[-1]
    for each, element in zip(lists, gone, strict=True):
        each.insert(index, element)


def _places(
    parent: ast.AST, inside: tuple[ast.AST, ...]
) -> Iterator[tuple[Place, ast.AST]]:
    """Everything that may be changed, outer things first."""
    around = (*inside, parent)
    for name, value in list(ast.iter_fields(parent)):
        if name in _LEFT_OUT:
            continue
        nodes = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, node in nodes:
            if isinstance(node, ast.AST) and not _is_left_out(node, parent):
                place = Place(parent=parent, name=name, index=index, inside=around)
                yield place, node
                yield from _places(node, around)


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.ClassDef(bases=bases):
            return any(ast.unparse(base) in _TYPES_ONLY for base in bases)
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=function):
            named = ast.unparse(function)
            return named in {"assert_never", "TypeVar"} or named.startswith("log.")
        case ast.match_case(pattern=ast.MatchAs(name="never")):
            return True
        case ast.Tuple():
            return isinstance(parent, ast.Subscript)
        case _:
            return isinstance(node, _NOT_RUN)
