"""Sequences of tables that a subscription fills, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.cli.report import notes
from agent.cli.table import rows_by_urgency
from agent.domain.findings import Finding, Severity
from agent.domain.pace import Thresholds
from agent.domain.verdict import Level, verdict
from tests.postgres_servers import Database
from tests.sampled import sample

_TABLES = """
CREATE TABLE a (id serial PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 60);
CREATE TABLE b (id serial PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 70);
CREATE TABLE parts (id serial PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (100);
INSERT INTO parts SELECT generate_series(1, 80);
CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 dbname=nowhere'
    PUBLICATION p WITH (connect = false, slot_name = NONE);
"""
# What CREATE SUBSCRIPTION would write after it had asked the publisher.
_FILLED = """
SET allow_system_table_mods = on;
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
SELECT s.oid, filled.oid, 'r'
FROM pg_subscription AS s, unnest('{a,b,part}'::regclass[]) AS filled (oid)
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
"""


@pytest.fixture
def subscriber(database: Database) -> Iterator[Database]:
    for statement in _TABLES.split(";"):
        database.execute(statement or "SELECT")
    database.execute(_FILLED)
    yield database
    database.execute("DROP SUBSCRIPTION IF EXISTS sub")


def behind(database: Database, dsn: str | None = None) -> dict[str, Finding]:
    status = sample(dsn or database.dsn)
    return {s.sequence.name: s.findings[0] for s in status.sequences if s.behind}


def test_a_healthy_subscriber_is_a_warning_in_one_sentence(
    subscriber: Database,
) -> None:
    status = sample(subscriber.dsn)

    found = [f for s in status.sequences for f in s.findings]
    assert {f.severity for f in found} == {Severity.WARNING}
    assert all(
        f.message.startswith("filled by subscription sub; move it at the switch-over: ")
        for f in found
    )
    [note] = notes(rows_by_urgency([status]), verbose=False)
    assert note.message == (
        "3 sequences of tables that are filled by subscription sub:"
        " move them at the switch-over"
    )
    answer = verdict([status], thresholds=Thresholds())
    assert (answer.level, answer.summary) == (Level.WARNING, note.message)


def test_after_the_switch_over_it_is_as_bad_as_it_is(subscriber: Database) -> None:
    subscriber.execute("DROP SUBSCRIPTION sub")

    found = behind(subscriber)

    assert [f.severity for f in found.values()] == [Severity.CRITICAL] * 3


def test_where_subscriptions_may_not_be_read_the_rest_is(subscriber: Database) -> None:
    everything = ("TABLES", "SEQUENCES")
    grants = [f"SELECT ON ALL {each} IN SCHEMA public" for each in everything]
    dsn = subscriber.role("agent", grants=grants)
    subscriber.execute("REVOKE SELECT ON pg_subscription_rel FROM PUBLIC")

    found = behind(subscriber, dsn)

    assert [f.severity for f in found.values()] == [Severity.CRITICAL] * 3
