"""The plan as `plan --format json` prints it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from agent.domain.resets.plan import EmptiedTable, MovedSequence, Plan
from agent.domain.resets.verdicts import Verdict


class GateEntry(TypedDict):
    """A gate; what would mend a refusal stands at the end of its detail."""

    gate: str
    passed: bool
    detail: str


class TableEntry(TypedDict):
    """A table to empty; `rows_estimated` is there where nobody counted."""

    table: str
    rows: int | None
    bytes: int | None
    why: str
    rows_estimated: NotRequired[bool]


class SequenceEntry(TypedDict):
    """A sequence to move, with the values that it stores before and after."""

    sequence: str
    before: int | None
    after: int


class PlanDocument(TypedDict):
    """The whole answer."""

    job: str
    allowed: bool
    hash: str
    gates: list[GateEntry]
    tables: list[TableEntry]
    sequences: list[SequenceEntry]


def document(plan: Plan) -> PlanDocument:
    return {
        "job": plan.job.name,
        "allowed": plan.allowed,
        "hash": plan.hash,
        "gates": [_gate(verdict) for verdict in plan.gates],
        "tables": [_table(table) for table in plan.tables],
        "sequences": [_sequence(sequence) for sequence in plan.sequences],
    }


def _gate(verdict: Verdict) -> GateEntry:
    told = [part for part in (verdict.detail, verdict.remedy) if part]
    return {
        "gate": verdict.gate,
        "passed": verdict.passed,
        "detail": "; ".join(told),
    }


def _table(emptied: EmptiedTable) -> TableEntry:
    entry: TableEntry = {
        "table": emptied.table.qualified,
        "rows": emptied.rows,
        "bytes": emptied.bytes,
        "why": emptied.table.why,
    }
    return entry if emptied.exact else {**entry, "rows_estimated": True}


def _sequence(moved: MovedSequence) -> SequenceEntry:
    return {
        "sequence": moved.definition.qualified,
        "before": moved.value_before,
        "after": moved.after,
    }
