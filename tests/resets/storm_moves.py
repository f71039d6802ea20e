"""What an owner of schemas may do to names and relations while a run is at work."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PUT_BACK = "put back"
_TABLES = ("users", "orders", "archive")
_OWNED = ("users_id_seq", "orders_id_seq", "archive_id_seq")
_FREE = ("invoices", "precious")


@dataclass(frozen=True, kw_only=True)
class Move:
    """A few statements, one transaction.

    `touches` are relations that get other rows or another file by it, as they are
    called before it.
    """

    kind: str
    script: str
    touches: tuple[str, ...] = ()


def put_back() -> Move:
    """All that is still there gets the name that it had in the beginning."""
    return Move(kind=PUT_BACK, script="SELECT kept.put_back()")


def rename_table(random: Random) -> Move:
    table = random.choice(_TABLES)
    return Move(
        kind="rename a table",
        script=f"ALTER TABLE live.{table} RENAME TO {_aside(random)}",
    )


def rename_sequence(random: Random) -> Move:
    sequence = random.choice(_OWNED + _FREE)
    return Move(
        kind="rename a sequence",
        script=f"ALTER SEQUENCE live.{sequence} RENAME TO {_aside(random)}",
    )


def rename_schema(random: Random) -> Move:
    return Move(
        kind="rename a schema", script=f"ALTER SCHEMA live RENAME TO {_aside(random)}"
    )


def swap_tables(random: Random) -> Move:
    one, other = random.sample(_TABLES, 2)
    return Move(kind="swap tables", script=_swap("TABLE", one, other))


def swap_sequences(random: Random) -> Move:
    one, other = random.sample(_OWNED + _FREE, 2)
    return Move(kind="swap sequences", script=_swap("SEQUENCE", one, other))


def swap_free_sequences(random: Random) -> Move:
    """Of which no table owns either."""
    del random
    return Move(kind="swap sequences", script=_swap("SEQUENCE", *_FREE))


def swap_schemas(random: Random) -> Move:
    """Blue and green, and perhaps back again in the same breath."""
    aside = _aside(random)
    script = (
        f"ALTER SCHEMA live RENAME TO {aside}; ALTER SCHEMA keep RENAME TO live;"
        f" ALTER SCHEMA {aside} RENAME TO keep"
    )
    return Move(kind="swap schemas", script=script)


def replace_schema(random: Random) -> Move:
    """The other schema comes into the place, and this one goes away."""
    return Move(
        kind="replace a schema",
        script=f"ALTER SCHEMA live RENAME TO {_aside(random)};"
        " ALTER SCHEMA keep RENAME TO live",
    )


def move_to_schema(random: Random) -> Move:
    what = random.choice(("TABLE live.orders", "SEQUENCE live.precious"))
    return Move(
        kind="move to another schema", script=f"ALTER {what} SET SCHEMA elsewhere"
    )


def change_owner(random: Random) -> Move:
    what = random.choice(
        (
            f"TABLE live.{random.choice(_TABLES)}",
            f"SEQUENCE live.{random.choice(_FREE)}",
            "SCHEMA live",
        )
    )
    owner = random.choice(("{owner}", "{stranger}"))
    return Move(kind="change an owner", script=f"ALTER {what} OWNER TO {owner}")


def make_anew(random: Random) -> Move:
    if random.random() < 0.5:
        return Move(
            kind="drop and create a sequence",
            script="DROP SEQUENCE live.invoices CASCADE;"
            f" CREATE SEQUENCE live.invoices START {_number(random)}",
            touches=("live.invoices",),
        )
    return Move(
        kind="drop and create a table",
        script="DROP TABLE live.orders;"
        f" CREATE TABLE live.orders (id serial, user_id integer);"
        f" INSERT INTO live.orders (user_id) SELECT 1"
        f" FROM generate_series(1, {random.randrange(1, 30)})",
        touches=("live.orders", "live.orders_id_seq"),
    )


def put_view_for_sequence(random: Random) -> Move:
    sequence = random.choice((*_OWNED[:2], "invoices"))
    return Move(
        kind="put a view for a sequence",
        script=f"ALTER SEQUENCE live.{sequence} RENAME TO {_aside(random)};"
        + _view_for_sequence(sequence),
    )


def put_view_for_table(random: Random) -> Move:
    table = random.choice(_TABLES)
    return Move(
        kind="put a view for a table",
        script=f"ALTER TABLE live.{table} RENAME TO {_aside(random)};"
        + _view_for_table(table),
    )


def put_other_table(random: Random) -> Move:
    table = random.choice(_TABLES)
    aside = f"ALTER TABLE live.{table} RENAME TO {_aside(random)};"
    if random.random() < 0.5:
        return Move(
            kind="put a foreign table",
            script=f"{aside} CREATE FOREIGN TABLE live.{table} (id bigint) SERVER away",
        )
    return Move(
        kind="put a partitioned table",
        script=f"{aside}"
        f" CREATE TABLE live.{table} (id bigint) PARTITION BY RANGE (id);"
        f" CREATE TABLE elsewhere.{_aside(random)} PARTITION OF live.{table} DEFAULT;"
        f" INSERT INTO live.{table} VALUES (7), (8)",
    )


def put_schema_of_views(random: Random) -> Move:
    views = "".join(map(_view_for_table, _TABLES))
    views += "".join(map(_view_for_sequence, (*_OWNED, "invoices")))
    return Move(
        kind="put a schema of views",
        script=f"ALTER SCHEMA live RENAME TO {_aside(random)};"
        f" CREATE SCHEMA live; {views}",
    )


def change_start(random: Random) -> Move:
    sequence = random.choice(_OWNED + _FREE)
    return Move(
        kind="change a start",
        script=f"ALTER SEQUENCE live.{sequence} START {_number(random)}",
        touches=(f"live.{sequence}",),
    )


def change_owned_by(random: Random) -> Move:
    sequence = random.choice(_FREE)
    column = random.choice(("live.users.name", "live.archive.name", "NONE"))
    return Move(
        kind="change whose a sequence is",
        script=f"ALTER SEQUENCE live.{sequence} OWNED BY {column}",
    )


def add_foreign_key(random: Random) -> Move:
    return Move(
        kind="add a foreign key",
        script=f"ALTER TABLE keep.orders ADD CONSTRAINT added_{_number(random)}"
        " FOREIGN KEY (user_id) REFERENCES live.users NOT VALID",
    )


def drop_foreign_key(random: Random) -> Move:
    del random
    return Move(
        kind="drop a foreign key",
        script="ALTER TABLE live.orders DROP CONSTRAINT orders_user_id_fkey",
    )


def add_trigger(random: Random) -> Move:
    table, when = random.choice(_TABLES), random.choice(("BEFORE", "AFTER"))
    return Move(
        kind="add a trigger",
        script=f"CREATE TRIGGER added_{_number(random)} {when} TRUNCATE"
        f" ON live.{table} FOR EACH STATEMENT EXECUTE FUNCTION kept.trap_of_trigger()",
    )


def drop_trigger(random: Random) -> Move:
    del random
    return Move(kind="drop a trigger", script="DROP TRIGGER harmless ON live.archive")


def add_child(random: Random) -> Move:
    table = random.choice(_TABLES)
    return Move(
        kind="add a child",
        script=f"CREATE TABLE elsewhere.{_aside(random)} () INHERITS (live.{table})",
    )


def add_index_with_code(random: Random) -> Move:
    """The planner runs it when it folds constants, for whoever plans a statement."""
    table = random.choice(_TABLES)
    what = random.choice(
        (
            "(id) WHERE kept.trap_of_index()",
            "((CASE WHEN kept.trap_of_index() THEN id END))",
        )
    )
    return Move(
        kind="add an index with code",
        script=f"CREATE INDEX ON live.{table} {what}",
    )


def add_policy_with_code(random: Random) -> Move:
    table = random.choice(_TABLES)
    return Move(
        kind="add a policy with code",
        script=f"CREATE POLICY added_{_number(random)} ON live.{table}"
        " USING (kept.trap() > 0);"
        f" ALTER TABLE live.{table} ENABLE ROW LEVEL SECURITY,"
        " FORCE ROW LEVEL SECURITY",
    )


def _swap(what: str, one: str, other: str) -> str:
    return (
        f"ALTER {what} live.{one} RENAME TO aside;"
        f" ALTER {what} live.{other} RENAME TO {one};"
        f" ALTER {what} live.aside RENAME TO {other}"
    )


def _view_for_sequence(name: str) -> str:
    return (
        f" CREATE VIEW live.{name} AS SELECT kept.trap() AS last_value,"
        " 1::bigint AS log_cnt, false AS is_called;"
    )


def _view_for_table(name: str) -> str:
    return (
        f" CREATE VIEW live.{name} AS SELECT kept.trap() AS id, 'somebody' AS name,"
        " 1 AS user_id, 1::bigint AS invoice FROM generate_series(1, 3);"
    )


def _aside(random: Random) -> str:
    return f"aside_{_number(random)}"


def _number(random: Random) -> int:
    return random.randrange(10, 1_000_000)
