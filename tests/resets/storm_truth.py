"""Whether a run did what its ledger says, to what it was about and to nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from agent.domain.filters import NameFilter
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan
from tests.resets.storm_history import (
    Change,
    Contents,
    History,
    NamedRelation,
    Names,
)

_RECORDS = """\
SELECT
    r.status,
    coalesce(r.reason, ''),
    r.plan_sha256,
    r.before,
    r.after
FROM sequence_agent.job_run AS r
WHERE r.job = %s AND r.trigger = %s
"""
_NOTHING = NameFilter(include=())


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the ledger says of one tick."""

    status: str
    reason: str
    hash: str | None
    before: Mapping[str, Mapping[str, int | None]]
    after: Mapping[str, Mapping[str, int | None]]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a job was about when names were as in one state; by oid."""

    tables: Mapping[int, str]
    sequences: Mapping[int, str]

    @property
    def oids(self) -> frozenset[int]:
        return frozenset((*self.tables, *self.sequences))


def records_of(
    connection: psycopg.Connection[Any], job: str, trigger: str
) -> list[Record]:
    rows = connection.execute(_RECORDS.encode(), [job, trigger]).fetchall()
    return [
        Record(
            status=status,
            reason=reason,
            hash=hash_,
            before=before or {},
            after=after or {},
        )
        for status, reason, hash_, before, after in rows
    ]


def aim(job: ResetJob, names: Names, history: History) -> Aim:
    """What a reset empties and restarts, or a resync moves, in that state."""
    patterns = job.tables or _NOTHING
    listed = {
        each.oid: each.qualified
        for each in names.relations.values()
        if each.kind in "rpf" and patterns.admits(each.qualified)
    }
    sequences = [each for each in names.relations.values() if each.kind == "S"]
    if job.kind is JobKind.RESET:
        chosen = [
            s
            for s in sequences
            if s.qualified in job.sequences or not listed.keys().isdisjoint(s.owners)
        ]
        emptied = {o: q for o, q in listed.items() if names.relations[o].kind == "r"}
        return Aim(tables=emptied, sequences={s.oid: s.qualified for s in chosen})
    chosen = [
        s
        for s in sequences
        if s.qualified in job.sequences or any(t in listed for t, _ in s.columns)
    ]
    behind = {s.oid: s.qualified for s in chosen if _is_behind(s, history)}
    return Aim(tables={}, sequences=behind)


def _is_behind(sequence: NamedRelation, history: History) -> bool:
    """Rows change by resets alone, and sequences by resyncs: what was first, counts."""
    furthest, stands = furthest_of(sequence, history), history.first(sequence.oid)
    if furthest is None or stands.value is None:
        return False
    return furthest > stands.value or (furthest == stands.value and not stands.called)


def furthest_of(sequence: NamedRelation, history: History) -> int | None:
    values = [
        value
        for table, column in sequence.columns
        if history.known(table)
        if (value := history.first(table).furthest.get(column)) is not None
    ]
    return max(values, default=None)


def complaints(
    job: ResetJob,
    history: History,
    records: list[Record],
    status: str,
    *,
    seeded: bool = False,
) -> Iterator[str]:
    """All that is not as it has to be; `status` is what the run itself has told.

    `seeded`: the run has put one row into live.users, with the id 1.
    """
    if len(records) != 1:
        yield f"{len(records)} rows in the ledger for one tick"
        return
    (record,) = records
    if record.status == "claimed":
        yield "the tick stayed claimed"
    if record.status != status:
        yield f"the run told {status}, the ledger says {record.status}"
    changed = {
        oid: [change for change in changes if change.happened]
        for oid, changes in history.changes().items()
    }
    changed = {oid: changes for oid, changes in changed.items() if changes}
    yield from (
        f"{_name(oid, history)} was changed {len(changes)} times"
        for oid, changes in changed.items()
        if len(changes) > 1
    )
    if record.status == "succeeded":
        yield from _of_success(job, history, record, frozenset(changed), seeded=seeded)
    else:
        yield from (
            f"{record.status}, but {_name(oid, history)} was changed:"
            f" {changes[0].before} -> {changes[0].after}"
            for oid, changes in changed.items()
        )
        if record.after:
            yield f"{record.status}, but there are figures after: {record.after}"


def departures(plan: Plan, history: History, records: list[Record]) -> Iterator[str]:
    """What a run that succeeded did beside the plan that it tells of."""
    planned = {each.table.oid for each in plan.tables}
    planned |= {each.definition.oid for each in plan.sequences}
    changed = {
        oid
        for oid, changes in history.changes().items()
        if any(change.happened for change in changes)
    }
    for oid in changed - planned:
        yield f"{_name(oid, history)} was changed and is not in the plan"
    for oid in planned - changed:
        if history.known(oid):
            yield f"{_name(oid, history)} is in the plan and is as it was"
    if [record.hash for record in records] != [plan.hash]:
        yield "the ledger has the hash of another plan"


def _of_success(
    job: ResetJob,
    history: History,
    record: Record,
    changed: frozenset[int],
    *,
    seeded: bool,
) -> Iterator[str]:
    """Some state of the names must account for all that was done, and only that."""
    aims = [aim(job, names, history) for names in history.names]
    fitting = [each for each in aims if each.oids == changed]
    if not fitting:
        yield from _misses(aims, changed, history)
        return
    told = [
        [*_figures(each, history, record), *_ends(each, job, history, seeded=seeded)]
        for each in fitting
    ]
    yield from min(told, key=len)


def _misses(
    aims: list[Aim], changed: frozenset[int], history: History
) -> Iterator[str]:
    closest = min(aims, key=lambda each: len(each.oids ^ changed))
    for oid in changed - closest.oids:
        (change, *_) = (c for c in history.changes()[oid] if c.happened)
        yield (
            f"succeeded, and changed {_name(oid, history)}, which no state of the names"
            f" puts into the job with the rest: {change.before} -> {change.after}"
        )
    for oid in closest.oids - changed:
        yield f"succeeded, but {_name(oid, history)} is as it was: {history.last(oid)}"


def _figures(aim: Aim, history: History, record: Record) -> Iterator[str]:
    """The ledger's figures are those that were there, relation by relation."""
    for what, planned in (("tables", aim.tables), ("sequences", aim.sequences)):
        before, after = record.before.get(what, {}), record.after.get(what, {})
        for told in (before, after):
            if unknown := told.keys() - set(planned.values()):
                yield f"the ledger has figures of {sorted(unknown)}"
        for oid, name in planned.items():
            change = _change(oid, history)
            yield from _difference(f"{name} before", before.get(name), change.before)
            yield from _difference(f"{name} after", after.get(name), change.after)


def _change(oid: int, history: History) -> Change:
    (change,) = (c for c in history.changes()[oid] if c.happened)
    return change


def _difference(what: str, told: int | None, held: Contents) -> Iterator[str]:
    """A table that held nothing may go without a figure."""
    there = held.rows if held.value is None else held.value
    if told != there and (told, there) != (None, 0):
        yield f"the ledger says {told} of {what}, there was {there}"


def _ends(aim: Aim, job: ResetJob, history: History, *, seeded: bool) -> Iterator[str]:
    """Where a run has to leave what it was about."""
    users = {oid for oid, name in aim.tables.items() if seeded and name == "live.users"}
    for oid, name in aim.tables.items():
        rows = _change(oid, history).after.rows
        if rows != (1 if oid in users else 0):
            yield f"{name} was emptied and holds {rows} rows"
    for oid, name in aim.sequences.items():
        held = _change(oid, history).after
        sequence = next(n.relations[oid] for n in history.names if oid in n.relations)
        if job.kind is JobKind.RESYNC:
            right = (held.value, held.called) == (furthest_of(sequence, history), True)
        elif any((oid, "id") in sequence.columns for oid in users):
            # The row has 1; a sequence with another start is past it.
            right = held.called is (held.value == 1)
        else:
            right = not held.called
        if not right:
            yield f"{name} stands at {held.value}, called: {held.called}, for {sequence}"


def _name(oid: int, history: History) -> str:
    """All names that it had, first to last."""
    names = [n.relations[oid].qualified for n in history.names if oid in n.relations]
    return f"{' = '.join(dict.fromkeys(names))} (oid {oid})"
