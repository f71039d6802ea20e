"""The dashboards as Grafana would read them, and their queries as it would ask them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import promql_parser as promql

from dashboards.written import FOLDER

_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One query of one panel."""

    board: str
    panel: Mapping[str, Any] = field(repr=False)
    expr: str
    ref: str
    instant: bool

    @property
    def title(self) -> str:
        return f"{self.panel['title']} {self.ref}"

    @property
    def unit(self) -> str:
        """That of its column, in a table, or that of the panel."""
        titles = self._column_titles()
        for override in self.panel["fieldConfig"]["overrides"]:
            if override["matcher"]["options"] in titles:
                for each in override["properties"]:
                    if each["id"] == "unit":
                        return str(each["value"])
        return str(self.panel["fieldConfig"]["defaults"]["unit"])

    def _column_titles(self) -> set[str]:
        return {
            title
            for transformation in self.panel.get("transformations", ())
            if transformation["id"] == "organize"
            for name, title in transformation["options"]["renameByName"].items()
            if name in {"Value", f"Value #{self.ref}"}
        }


def all_boards() -> dict[str, dict[str, Any]]:
    paths = sorted(FOLDER.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


BOARDS = all_boards()


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel


def variables(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [v for v in board["templating"]["list"] if v["type"] == "query"]


def targets(name: str) -> Iterator[Target]:
    for panel in panels(BOARDS[name]):
        for target in panel["targets"]:
            yield Target(
                board=name,
                panel=panel,
                expr=target["expr"],
                ref=target["refId"],
                instant=bool(target["instant"]),
            )


def marks(board: Mapping[str, Any]) -> list[str]:
    return [
        each["target"]["expr"]
        for each in board.get("annotations", {}).get("list", ())
        if "target" in each
    ]


def all_targets() -> list[Target]:
    return [target for name in BOARDS for target in targets(name)]


def label_values(variable: Mapping[str, Any]) -> tuple[str, str]:
    """The selector and the label that a variable asks for."""
    found = _LABEL_VALUES.fullmatch(variable["query"]["query"])
    assert found, variable["query"]
    return found[1], found[2]


def expanded(expr: str, values: Mapping[str, str], *, range_: str, rate: str) -> str:
    """As Grafana sends it, for variables with these values."""
    expr = expr.replace("$__rate_interval", rate).replace("$__range", range_)
    expr = re.sub(r"\$([a-z]\w*)", lambda found: values[found[1]], expr)
    assert "$" not in expr, expr
    return expr


def everything(expr: str) -> str:
    """With all that can be chosen chosen, for whoever only looks at the expression."""
    names = {name: f"var-{name}" for name in re.findall(r"\$([a-z]\w*)", expr)}
    return expanded(expr, names, range_="1d", rate="5m")


def parsed(expr: str) -> promql.Expr:
    return promql.parse(expr)


@dataclass(frozen=True, kw_only=True)
class Selected:
    """A selector within an expression, and the names of what is around it."""

    metric: str
    matchers: frozenset[tuple[str, str, str]]
    range_of: str | None
    seconds: float | None


def selected(expr: promql.Expr) -> Iterator[Selected]:
    """Every selector of the expression."""
    yield from _walk(expr, None)


def _walk(node: Any, function: str | None) -> Iterator[Selected]:
    match node:
        case promql.VectorSelector():
            yield _selector(node, None, None)
        case promql.MatrixSelector():
            seconds = node.range.total_seconds()
            yield _selector(node.vector_selector, function, seconds)
        case promql.Call():
            for argument in node.args:
                yield from _walk(argument, node.func.name)
        case promql.BinaryExpr():
            yield from _walk(node.lhs, None)
            yield from _walk(node.rhs, None)
        case promql.NumberLiteral() | promql.StringLiteral():
            return
        case _:  # aggregations, parentheses, signs and subqueries have one inside
            yield from _walk(node.expr, None)


def _selector(
    node: promql.VectorSelector, function: str | None, seconds: float | None
) -> Selected:
    matchers = node.matchers.matchers
    return Selected(
        metric=str(node.name),
        matchers=frozenset((m.name, str(m.op), m.value) for m in matchers),
        range_of=function,
        seconds=seconds,
    )
