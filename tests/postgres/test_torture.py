from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.sequences import At, Unused, next_value
from agent.domain.status import DatabaseStatus, SequenceStatus
from tests.postgres_servers import database_on
from tests.sampled import sample
from tests.torture.cases import CASES, Case

Seen = Mapping[tuple[str, str], SequenceStatus]


@pytest.fixture(scope="module")
def sampled(postgres: EmbeddedPostgres) -> Iterator[DatabaseStatus]:
    """One look at all awkward sequences of the table at once."""
    with database_on(postgres) as database:
        for case in CASES:
            if postgres.major >= case.oldest:
                schema = _schema(case)
                database.execute(
                    f"CREATE SCHEMA {schema}; SET search_path = {schema}; {case.make}"
                )
        yield sample(database.dsn)


@pytest.fixture(scope="module")
def seen(sampled: DatabaseStatus) -> Seen:
    return {(s.sequence.schema, s.sequence.name): s for s in sampled.sequences}


def test_the_table_holds_at_least_forty_awkward_sequences() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


def test_nothing_but_the_table_is_seen(
    sampled: DatabaseStatus, postgres: EmbeddedPostgres
) -> None:
    expected = {_schema(c) for c in CASES if c.oldest <= postgres.major}

    assert sampled.error is None
    assert {s.sequence.schema for s in sampled.sequences} == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_awkward_sequence_is_reported_as_it_is(
    case: Case, seen: Seen, postgres: EmbeddedPostgres
) -> None:
    if postgres.major < case.oldest:
        pytest.skip(f"PostgreSQL {case.oldest} and newer only")
    status = seen[_schema(case), case.sequence]

    assert _described(status) == _expected(case)


def _schema(case: Case) -> str:
    return f"case_{CASES.index(case)}"


def _described(status: SequenceStatus) -> dict[str, object]:
    assert isinstance(status.position, At | Unused)
    reached = status.capacity
    return {
        "state": status.state.value,
        "last": getattr(status.position, "last_value", None),
        "next": next_value(status.sequence, status.position),
        "limit": status.limit,
        "limited_by": status.limited_by,
        "left": reached.remaining if reached else None,
        "used": reached.used_ratio if reached else None,
        "fed": {
            f"{c.column.table_name}.{c.column.column}:{c.column.shown_link}"
            for c in status.columns
        },
        "findings": [_labelled(f.kind, f.severity) for f in status.findings],
    }


def _expected(case: Case) -> dict[str, object]:
    used = case.used and case.used[0] / case.used[1]
    return {
        "state": case.state,
        "last": case.last,
        "next": case.following,
        "limit": case.limit,
        "limited_by": case.by.replace("{}", _schema(case)),
        "left": case.left,
        "used": used and pytest.approx(used, rel=1e-8, abs=1e-15),
        "fed": set(case.fed),
        "findings": list(case.findings),
    }


def _labelled(kind: str, severity: str) -> str:
    """`near_limit:critical`, but `shared`: only these two come in several severities."""
    return f"{kind}:{severity}" if kind in {"near_limit", "exhausted"} else kind
