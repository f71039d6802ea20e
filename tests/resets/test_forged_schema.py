"""A schema `sequence_agent` that `arm` did not make is as if it were not there.

Whatever its owner has put there would run with the rights of the agent; a trace that is
left by a sequence outlives every rollback.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from agent.domain.resets.facts import Unknown
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Refused
from agent.errors import NoLedgerError
from agent.postgres.resets.worker import Worker, open_worker
from tests.postgres_servers import Database, role_name
from tests.resets.target import Target, armed_target, endpoint, unarmed_target
from tests.resets.test_running import TICK, Bench

_TRACE = """\
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE SEQUENCE trap.sprung;
GRANT ALL ON SEQUENCE trap.sprung TO PUBLIC;
CREATE FUNCTION trap.spring() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_catalog.nextval('trap.sprung');
    RETURN 'schedule';
END $$;
CREATE FUNCTION trap.fold(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM pg_catalog.nextval('trap.sprung');
    RETURN $1;
END $$;
CREATE FUNCTION trap.fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trap.spring();
    RETURN NEW;
END $$;
"""
# What somebody who owns the schema, or only a table of it, could do.
_ALTERATIONS = {
    "trigger": "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON sequence_agent.job_run"
    " FOR EACH STATEMENT EXECUTE FUNCTION trap.fire()",
    "constraint trigger": "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON"
    " sequence_agent.job_run DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION trap.fire()",
    "rule": "CREATE RULE r AS ON INSERT TO sequence_agent.job_run"
    " DO ALSO SELECT trap.spring()",
    "default": "ALTER TABLE sequence_agent.job_run ALTER reason SET DEFAULT trap.spring()",
    "default that runs text": "ALTER TABLE sequence_agent.job_run ALTER reason SET DEFAULT"
    " query_to_xml('SELECT trap.spring()', false, false, '')::text",
    "check": "ALTER TABLE sequence_agent.job_run ADD CHECK (trap.spring() IS NOT NULL)",
    "added column": "ALTER TABLE sequence_agent.job_run ADD extra text"
    " GENERATED ALWAYS AS (trap.fold(job)) STORED",
    "index predicate": "CREATE INDEX i ON sequence_agent.job_run (job)"
    " WHERE trap.fold('x') = 'x'",
    "index expression": "CREATE INDEX i ON sequence_agent.job_run (trap.fold(job))",
    "policy": "ALTER TABLE sequence_agent.job_run ENABLE ROW LEVEL SECURITY;"
    " CREATE POLICY p ON sequence_agent.job_run USING (trap.spring() IS NOT NULL)",
    "child": "CREATE TABLE public.child () INHERITS (sequence_agent.job_run)",
    "view in its place": "ALTER TABLE sequence_agent.job_run RENAME TO hidden;"
    " CREATE VIEW sequence_agent.job_run AS"
    " SELECT *, trap.spring() AS sprung FROM sequence_agent.hidden;"
    " GRANT ALL ON sequence_agent.job_run TO {role}",
    "view in the marker's place": "ALTER TABLE sequence_agent.environment RENAME TO hidden;"
    " CREATE VIEW sequence_agent.environment AS"
    " SELECT *, trap.spring() AS sprung FROM sequence_agent.hidden;"
    " GRANT ALL ON sequence_agent.environment TO {role}",
    "function as its caller": "ALTER FUNCTION sequence_agent.hold_marker() SECURITY INVOKER",
    "function of another text": "CREATE OR REPLACE FUNCTION sequence_agent.hold_marker()"
    " RETURNS SETOF sequence_agent.environment LANGUAGE sql AS"
    " $$ SELECT e.* FROM sequence_agent.environment AS e $$",
}
_STATISTICS = (
    "CREATE STATISTICS sequence_agent.s ON trap.fold(job), status"
    " FROM sequence_agent.job_run"
)


def _sprung(target: Target) -> bool:
    [(called,)] = target.database.execute("SELECT is_called FROM trap.sprung")
    return bool(called)


@pytest.fixture
def target(database: Database) -> Target:
    found = armed_target(database)
    found.as_admin(_TRACE)
    return found


@pytest.mark.parametrize("alteration", _ALTERATIONS.values(), ids=_ALTERATIONS)
def test_an_altered_schema_runs_nothing_and_is_not_believed(
    target: Target, alteration: str
) -> None:
    target.as_admin(alteration)

    _check_that_nothing_is_believed(target)


def test_statistics_on_the_ledger_run_nothing(target: Target) -> None:
    if target.database.major < 14:
        pytest.skip("statistics on expressions came with 14")
    target.as_admin(_STATISTICS)

    _check_that_nothing_is_believed(target)


def test_a_schema_that_somebody_made_who_may_not_arm_is_none(
    database: Database,
) -> None:
    target = unarmed_target(database)
    target.as_admin(_TRACE)
    mallory = database.role("mallory", grants=[f'CREATE ON DATABASE "{database.name}"'])
    # Exactly what arm makes, by somebody else, and with a trap in it.
    target.arm()
    database.execute(
        f'ALTER SCHEMA sequence_agent OWNER TO "{role_name(mallory)}";'
        + "".join(
            f'ALTER TABLE sequence_agent.{table} OWNER TO "{role_name(mallory)}";'
            for table in ("environment", "job_run", "version")
        )
    )
    with database.connect(mallory) as connection:
        connection.execute(_ALTERATIONS["trigger"].encode())

    _check_that_nothing_is_believed(target)


def test_what_belongs_to_the_owner_of_the_database_is_believed(
    database: Database,
) -> None:
    target = unarmed_target(database)
    admin = database.role("admin")
    database.execute(f'ALTER DATABASE "{database.name}" OWNER TO "{role_name(admin)}"')
    target.arm(by=admin)

    outcome = Bench(target).run()

    assert outcome.__class__.__name__ == "Done"


def _check_that_nothing_is_believed(target: Target) -> None:
    bench, tables = Bench(target), _public(target)
    name = target.database.name
    # Whoever made it may have run it.
    target.as_admin("ALTER SEQUENCE trap.sprung RESTART")

    outcome = bench.run()
    for act in _LEDGER_ACTS:
        opened = partial(open_worker, endpoint(target.dsn), name, agent="test/1")
        with pytest.raises(NoLedgerError, match="sequence_agent"), opened() as worker:
            act(worker)
    with open_worker(endpoint(target.dsn), name, agent="test/1") as worker:
        marker = worker.marker()

    assert isinstance(outcome, Refused)
    assert "marker_missing" in [v.gate for v in outcome.plan.refusals]
    assert isinstance(marker, Unknown)
    assert not _sprung(target)
    assert _public(target) == tables


def _public(target: Target) -> dict[str, object]:
    """Tables of the job; whoever counts those of the ledger springs the trap."""
    found = target.contents()
    return {name: what for name, what in found.items() if name.startswith("public.")}


_LEDGER_ACTS: tuple[Callable[[Worker], object], ...] = (
    lambda worker: worker.ledger.claim(TICK),
    lambda worker: worker.ledger.note(TICK, Status.MISSED, "late"),
    lambda worker: worker.ledger.touch(uuid4()),
    lambda worker: worker.ledger.fate(uuid4()),
    lambda worker: worker.ledger.mark_lost(),
    lambda worker: worker.ledger.newest("nightly-reset", limit=1),
    lambda worker: worker.ledger.last_success("nightly-reset", ""),
    lambda worker: worker.ledger.last_scheduled("nightly-reset", ""),
    lambda worker: worker.ledger.strangers("nightly-reset", ""),
    lambda worker: worker.ledger.prune(),
)
