"""Limits, links and findings on schemas in the manner of well-known applications.

Each is made in a database of its own, seen by the agent, and held against an oracle that
finds out the same in another way; then again with its sequences in states of all kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.document import document
from agent.domain.grants import column_grants, grants
from tests.goldens import golden
from tests.postgres.granting import run
from tests.postgres_servers import Database, database_on, role_name
from tests.sampled import CLOCK, sample
from tests.schemas.oracle import Oracle, Truth

FOLDER = Path(__file__).parent
APPLICATIONS = sorted(path.stem for path in (FOLDER / "applications").glob("*.sql"))
MOST = 50
FEEDING = {"owned", "default", "identity"}
LEFT = (0, 1, 7, 40)
SHARES = (0.001, 0.5, 0.8, 0.95)
# The text of a default does not tell what the body of a function does.
BY_FUNCTION = {"flakes": {"public.atomic_seq"}}


@pytest.fixture(params=APPLICATIONS)
def application(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres
) -> Iterator[tuple[str, Database]]:
    with database_on(postgres) as database:
        stranger = database.role("stranger")
        role = role_name(stranger)
        text = (FOLDER / "applications" / f"{request.param}.sql").read_text()
        database.execute(text.replace("OWNER TO stranger", f'OWNER TO "{role}"'))
        yield request.param, database


def seen(database: Database, dsn: str | None = None) -> dict[str, dict[str, Any]]:
    """What `inspect --format json` says, by qualified name."""
    status = sample(dsn or database.dsn)
    assert status.error is None
    [entry] = document([status], CLOCK.now())["databases"]
    return {
        f"{each['schemaname']}.{each['sequencename']}": dict(each)
        for each in entry["sequences"]
    }


def test_nothing_is_said_that_an_oracle_does_not_find_in_another_way(
    application: tuple[str, Database],
) -> None:
    name, database = application
    with database.connect() as connection:
        oracle = Oracle(connection)
        assert disagreements(name, seen(database), oracle.truths()) == []

        put_into_all_states(connection, oracle.truths(), Random(name))
        truths, said = oracle.truths(), seen(database)

        assert disagreements(name, said, truths) == []
        assert calls_that_went_otherwise(connection, said) == []


def disagreements(
    name: str, said: dict[str, dict[str, Any]], truths: dict[str, Truth]
) -> list[str]:
    """Each fact in which the agent and the oracle differ."""
    apart = [f"{key}: only one knows it" for key in said.keys() ^ truths.keys()]
    for key, truth in truths.items():
        if key not in BY_FUNCTION.get(name, ()):
            apart += [f"{key}: {words}" for words in _apart(said[key], truth)]
    return apart


def _apart(said: dict[str, Any], truth: Truth) -> Iterator[str]:
    links = {f"{c['table']}.{c['column']}": c["link"] for c in said["columns"]}
    true_links = {
        name: "owned" if link == "leftover" else link
        for name, link in truth.links.items()
    }
    if links != true_links:
        yield f"links {links}, but {true_links}"
    kinds = {finding["kind"] for finding in said["findings"]}
    wanted = kinds_of(truth, said)
    if kinds & wanted.keys() != {kind for kind, found in wanted.items() if found}:
        yield f"findings {kinds}, but {wanted}"
    yield from _numbers_apart(said, truth)
    if said["behind_values"] not in {None, truth.behind}:
        yield f"behind {said['behind_values']}, but {truth.behind}"
    if said["behind_values"] is None and said["behind_unknown"] is None:
        yield "not said why it is not known whether it is behind"


def kinds_of(truth: Truth, said: dict[str, Any]) -> dict[str, bool]:
    """Which of some findings there have to be."""
    links = set(truth.links.values())
    return {
        "leftover": links == {"leftover"},
        "computed_default": "computed" in links,
        "unattached": not links,
        "exhausted": not truth.cycle
        and truth.left == 0
        and said["remaining_values"] is not None,
    }


def _numbers_apart(said: dict[str, Any], truth: Truth) -> Iterator[str]:
    if said["remaining_values"] is None:
        if not truth.links or set(truth.links.values()) & FEEDING:
            yield "nothing is said of what is left"
        return
    if said["limit_value"] != truth.limit:
        yield f"limit {said['limit_value']}, but {truth.limit}"
    if not truth.cycle and said["remaining_values"] != truth.left:
        yield f"left {said['remaining_values']}, but {truth.left}"


def put_into_all_states(
    connection: psycopg.Connection, truths: dict[str, Truth], random: Random
) -> None:
    """Unused, at any share of the way, few calls before the limit, and at it."""
    for truth in truths.values():
        sign = 1 if truth.increment > 0 else -1
        begin = truth.minimum if sign > 0 else truth.maximum
        wanted = random.choice(
            [
                *(truth.limit - truth.increment * left for left in LEFT),
                *(begin + int((truth.limit - begin) * share) for share in SHARES),
                None,
            ]
        )
        if wanted is None or not truth.minimum <= wanted <= truth.maximum:
            continue
        connection.execute(
            "SELECT pg_catalog.setval(%s::oid::regclass, %s, %s)",
            [truth.oid, wanted, random.random() < 0.8],
        )


def calls_that_went_otherwise(
    connection: psycopg.Connection, said: dict[str, dict[str, Any]]
) -> list[str]:
    """Sequences that gave another value than was foretold, or more or fewer calls."""
    wrong = []
    for name, entry in said.items():
        values = list(_called(connection, entry))
        if entry["next_value"] != next(iter(values), None):
            wrong.append(f"{name}: {entry['next_value']} foretold, {values[:1]} came")
        left, limit = entry["remaining_values"], entry["limit_value"]
        good = [v for v in values if (limit - v) * entry["increment_by"] >= 0]
        if not entry["cycle"] and left is not None and min(left, MOST) != len(good):
            wrong.append(f"{name}: {left} calls left, {len(good)} went well")
    return wrong


def _called(connection: psycopg.Connection, entry: dict[str, Any]) -> Iterator[int]:
    """The values of some calls, until one fails."""
    statement = sql.SQL("SELECT pg_catalog.nextval({}::regclass)").format(
        sql.Literal(
            sql.Identifier(entry["schemaname"], entry["sequencename"]).as_string()
        )
    )
    for _ in range(MOST):
        try:
            [(value,)] = connection.execute(statement).fetchall()
        except psycopg.errors.SequenceGeneratorLimitExceeded:
            return
        yield int(value)


def test_the_role_of_the_agent_sees_what_a_superuser_sees(
    application: tuple[str, Database],
) -> None:
    _, database = application
    role = database.role("agent")
    with database.connect() as connection:
        for script in (grants, column_grants):
            run(connection, script(role_name(role)))

    by_role, by_superuser = seen(database, role), seen(database)

    hidden = {k for k, e in by_role.items() if e["behind_unknown"] == "row_security"}
    assert _plain(by_role, hidden) == _plain(by_superuser, hidden)


def _plain(said: dict[str, dict[str, Any]], left_out: set[str]) -> dict[str, object]:
    """Without the words, which name the role."""
    return {
        name: {
            **entry,
            "findings": [(f["kind"], f["severity"]) for f in entry["findings"]],
        }
        for name, entry in said.items()
        if name not in left_out
    }


def test_each_finding_on_a_healthy_schema_has_its_reason(
    application: tuple[str, Database],
) -> None:
    name, database = application
    lines = [
        f"{key} {finding['kind']} {finding['severity']}: {finding['message']}\n"
        for key, entry in sorted(seen(database).items())
        for finding in entry["findings"]
    ]

    assert "".join(lines) == golden(FOLDER / "golden" / f"{name}.txt", "".join(lines))
