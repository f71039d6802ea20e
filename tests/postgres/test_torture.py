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
    expected = sum(case.oldest <= postgres.major for case in CASES)

    assert sampled.error is None
    assert len(sampled.sequences) == expected


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
    assert status.capacity is not None
    return {
        "state": status.state.value,
        "last": getattr(status.position, "last_value", None),
        "next": next_value(status.sequence, status.position),
        "limit": status.limit,
        "limited_by": status.limited_by,
        "left": status.capacity.remaining,
        "used": status.capacity.used_ratio,
        "fed": {
            f"{c.column.table_name}.{c.column.column}:{c.column.link}"
            for c in status.columns
        },
        "findings": [_labelled(f.kind, f.severity) for f in status.findings],
    }


def _expected(case: Case) -> dict[str, object]:
    part, whole = case.used
    return {
        "state": case.state,
        "last": case.last,
        "next": case.following,
        "limit": case.limit,
        "limited_by": case.by.replace("{}", _schema(case)),
        "left": case.left,
        "used": pytest.approx(part / whole, rel=1e-8, abs=1e-15),
        "fed": set(case.fed),
        "findings": list(case.findings),
    }


def _labelled(kind: str, severity: str) -> str:
    """`near_limit:critical`, but `shared`: only these two come in several severities."""
    return f"{kind}:{severity}" if kind in {"near_limit", "exhausted"} else kind
