"""The plan as `plan --format json` prints it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from agent.domain.resets.plan import EmptiedTable, FiredTrigger, MovedSequence, Plan
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


class SeedEntry(TypedDict):
    """A file that is run after the reset, in this order."""

    file: str
    bytes: int
    sha256: str


class TriggerEntry(TypedDict):
    """A trigger that TRUNCATE fires; `mode` is enabled, always or replica."""

    trigger: str
    function: str
    mode: str


class EventTriggerEntry(TypedDict):
    """An event trigger that the run fires; without tags, all DDL does."""

    event_trigger: str
    event: str
    tags: list[str]
    function: str
    mode: str


class NotRestartedEntry(TypedDict):
    """A sequence that feeds emptied tables and stays where it stands."""

    sequence: str
    feeds: list[str]


class LocksEntry(TypedDict):
    """Locks that a run needs at least, and that the server has at least."""

    needed: int
    available: int


class PinEntry(TypedDict):
    """The only plan that may run by schedule, and whether this is it."""

    plan: str
    matches: bool


class PlanDocument(TypedDict):
    """The whole answer."""

    job: str
    allowed: bool
    hash: str
    gates: list[GateEntry]
    tables: list[TableEntry]
    sequences: list[SequenceEntry]
    seeds: list[SeedEntry]
    not_restarted: list[NotRestartedEntry]
    hints: list[str]
    triggers: list[TriggerEntry]
    event_triggers: list[EventTriggerEntry]
    locks: LocksEntry
    pinned: PinEntry | None


def document(plan: Plan) -> PlanDocument:
    return {
        "job": plan.job.name,
        "allowed": plan.allowed,
        "hash": plan.hash,
        "gates": [_gate(verdict) for verdict in plan.gates],
        "tables": [_table(table) for table in plan.tables],
        "sequences": [_sequence(sequence) for sequence in plan.sequences],
        "seeds": [
            {"file": each.name, "bytes": each.bytes, "sha256": each.sha256}
            for each in plan.seeds
        ],
        "not_restarted": left_as_they_are(plan),
        "hints": list(plan.hints),
        "triggers": [_trigger(each) for each in plan.triggers],
        "event_triggers": [_event_trigger(each) for each in plan.event_triggers],
        "locks": {"needed": plan.locks.needed, "available": plan.locks.available},
        "pinned": _pin(plan),
    }


def left_as_they_are(plan: Plan) -> list[NotRestartedEntry]:
    return [
        {"sequence": each.sequence, "feeds": list(each.feeds)}
        for each in plan.not_restarted
    ]


def _pin(plan: Plan) -> PinEntry | None:
    if plan.job.pinned_plan is None:
        return None
    return {"plan": plan.job.pinned_plan, "matches": plan.pinned is True}


def _trigger(fired: FiredTrigger) -> TriggerEntry:
    return {
        "trigger": f"{fired.table}.{fired.name}",
        "function": fired.function,
        "mode": fired.firing,
    }


def _event_trigger(fired: FiredTrigger) -> EventTriggerEntry:
    return {
        "event_trigger": fired.name,
        "event": fired.event,
        "tags": list(fired.tags),
        "function": fired.function,
        "mode": fired.firing,
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
