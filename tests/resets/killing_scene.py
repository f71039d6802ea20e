"""The database that agents race in: an application that fills it, and who looks at it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import psycopg

from tests.postgres_servers import Database
from tests.resets.storm_ground import Ground, ground_in
from tests.resets.storm_history import Contents, contents_of, names_at

BATCH = 200
_KEPT = """\
CREATE TABLE kept.effects (xid xid8);
GRANT SELECT, INSERT ON kept.effects TO {role};
"""
# Whatever else comes to be called as the job's tables are is referenced from elsewhere:
# a job that would empty it is refused.
_PREPARATION = """\
TRUNCATE live.users, live.orders RESTART IDENTITY;
ALTER SEQUENCE live.invoices RESTART;
CREATE FUNCTION kept.effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kept.effects VALUES (pg_current_xact_id());
    RETURN NULL;
END $$;
CREATE TRIGGER effect AFTER TRUNCATE ON live.orders
    FOR EACH STATEMENT EXECUTE FUNCTION kept.effect();
CREATE TABLE elsewhere.referring (
    user_id integer REFERENCES keep.users,
    archive_id integer REFERENCES live.archive
);
"""
# Values are written ahead of what was given out, and a crash goes on from there; one
# that was set is written as it is.
_SETTLED = """\
SELECT setval(s.seqrelid::regclass, pg_sequence_last_value(s.seqrelid))
FROM pg_sequence AS s
WHERE pg_sequence_last_value(s.seqrelid) IS NOT NULL
"""
# By oid, whatever the names are; whoever was led elsewhere by one gives up.
_WATCHED = """\
CREATE TABLE kept.watched AS
SELECT
    'live.users'::regclass::oid AS users,
    'live.orders'::regclass::oid AS orders,
    'live.users_id_seq'::regclass::oid AS user_ids,
    'live.orders_id_seq'::regclass::oid AS order_ids,
    'live.invoices'::regclass::oid AS invoices;
GRANT SELECT ON kept.watched TO PUBLIC;
CREATE FUNCTION kept.add_batch(rows integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    it kept.watched;
    inside boolean;
BEGIN
    SELECT * INTO STRICT it FROM kept.watched;
    EXECUTE format($batch$
        WITH ids AS MATERIALIZED (
            SELECT
                nextval($1::oid::regclass) AS user_id,
                nextval($2::oid::regclass) AS id,
                nextval($3::oid::regclass) AS invoice
            FROM generate_series(1, $4)
        ),
        one AS (
            INSERT INTO %s (id, name) SELECT user_id, 'somebody' FROM ids
            RETURNING tableoid
        ),
        other AS (
            INSERT INTO %s (id, user_id, invoice) OVERRIDING SYSTEM VALUE
            SELECT id, user_id, invoice FROM ids
            RETURNING tableoid
        )
        SELECT
            (SELECT bool_and(one.tableoid = $5) FROM one)
            AND (SELECT bool_and(other.tableoid = $6) FROM other)
    $batch$, it.users::regclass, it.orders::regclass)
    INTO STRICT inside
    USING it.user_ids, it.order_ids, it.invoices, rows, it.users, it.orders;
    IF NOT inside THEN
        RAISE EXCEPTION 'names were moved meanwhile';
    END IF;
END $$;
CREATE FUNCTION kept.look(
    OUT users bigint,
    OUT orders bigint,
    OUT user_values bigint,
    OUT order_values bigint,
    OUT invoice_values bigint,
    OUT effects bigint
) LANGUAGE plpgsql AS $$
DECLARE
    it kept.watched;
    locked bigint;
BEGIN
    SELECT * INTO STRICT it FROM kept.watched;
    EXECUTE format('LOCK TABLE %s, %s IN SHARE MODE',
        it.users::regclass, it.orders::regclass);
    users := kept.rows_of(it.users);
    orders := kept.rows_of(it.orders);
    user_values := coalesce(pg_sequence_last_value(it.user_ids), 0);
    order_values := coalesce(pg_sequence_last_value(it.order_ids), 99) - 99;
    invoice_values := coalesce(pg_sequence_last_value(it.invoices), 999) - 999;
    SELECT count(*) INTO effects FROM kept.effects;
    SELECT count(*) INTO locked FROM pg_locks AS l
    WHERE l.pid = pg_backend_pid() AND l.mode = 'ShareLock' AND l.granted
        AND l.relation IN (it.users, it.orders);
    IF locked <> 2 THEN
        RAISE EXCEPTION 'names were moved meanwhile';
    END IF;
END $$;
CREATE FUNCTION kept.rows_of(relation oid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
    elsewhere bigint;
BEGIN
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE tableoid <> $1) FROM ONLY %s',
        relation::regclass) INTO STRICT rows, elsewhere USING relation;
    IF elsewhere > 0 THEN
        RAISE EXCEPTION 'names were moved meanwhile';
    END IF;
    RETURN rows;
END $$;
"""


def prepared(database: Database) -> Ground:
    """A target whose job tells, in tables outside it, which effects there were."""
    ground = ground_in(database)
    with database.connect() as admin:
        ground.make_anew(admin, Random(1))
        admin.execute(ground.filled(_KEPT))
        with database.connect(ground.owner) as owner:
            owner.execute(ground.filled(_PREPARATION))
        admin.execute(_SETTLED)
        admin.execute(_WATCHED)
    return ground


def contents_beside(database: Database) -> dict[str, Contents]:
    """What is in all relations that no run may touch, by the names that they had first."""
    with database.connect() as connection:
        watched = connection.execute("SELECT * FROM kept.watched").fetchone() or ()
        names = names_at(connection, after="").relations
        beside = [each for each in names.values() if each.oid not in watched]
        found = contents_of(connection, beside)
    return {names[oid].qualified: contents for oid, contents in found.items()}


def differences(
    before: Mapping[str, Contents], after: Mapping[str, Contents]
) -> list[str]:
    return [
        f"{name}: {before.get(name)} -> {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


@dataclass
class Application:
    """Fills the tables all the while; each transaction does the same to all of them."""

    dsn: str
    batches: int = 0
    failures: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                self._insert()
            except psycopg.Error:
                self.failures += 1
                self._stopping.wait(0.05)

    def _insert(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self._stopping.wait(0.02):
                connection.execute("SELECT kept.add_batch(%s)", [BATCH])
                self.batches += 1


@dataclass(frozen=True)
class Sight:
    """All there is at one instant at which nobody writes."""

    users: int
    orders: int
    user_values: int
    order_values: int
    invoice_values: int
    effects: int

    @property
    def torn(self) -> bool:
        """Whether one table was emptied without the other."""
        return self.users - self.orders != (1 if self.effects else 0)

    @property
    def lead(self) -> tuple[int, int, int]:
        """How far each sequence is ahead of its rows."""
        return (
            self.user_values - self.users,
            self.order_values - self.orders,
            self.invoice_values - self.orders,
        )


@dataclass
class Observer:
    """Looks again and again, with all writers held off for a moment."""

    database: Database
    application: Application
    sights: list[tuple[Sight, int]] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def wrong(self) -> list[Sight]:
        """Sights of what is half done: a table not emptied, a sequence not restarted.

        A transaction that broke has used up its values, and a crash up to 32 more.
        """
        found = []
        spared, effects = 0, -1
        for (sight, failures), (_, before) in zip(
            self.sights, [self.sights[0], *self.sights], strict=False
        ):
            if sight.effects != effects:
                spared, effects = before, sight.effects
            most = (BATCH + 33) * (failures - spared + 1)
            if sight.torn or not all(0 <= lead <= most for lead in sight.lead):
                found.append(sight)
        return found

    def _live(self) -> None:
        while not self._stopping.wait(0.05):
            with suppress(psycopg.Error):
                self._look()

    def _look(self) -> None:
        with self.database.connect() as connection:
            while not self._stopping.wait(0.05):
                row = connection.execute("SELECT * FROM kept.look()").fetchone()
                if row is not None:
                    self.sights.append((Sight(*row), self.application.failures))
