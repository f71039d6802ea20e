"""What a default makes of a sequence's values, from the trees that real servers store."""

from __future__ import annotations

import pytest

from agent.domain.defaults import (
    calls_nextval,
    is_plain_nextval,
    is_rounded_nextval,
    supply,
)
from agent.domain.sequences import Link, Supply
from tests.postgres_servers import Database

# fmt: off
HANDED_ON = {
    "bigint": "nextval('s')",
    "integer": "nextval('s')",
    "smallint": "nextval('s')",
    "oid": "nextval('s')",
    "numeric": "nextval('s')",
    "numeric(20)": "nextval('s')",
    "numeric(20, 5)": "nextval('s')",
    "positive": "nextval('s')",
    "text": "nextval('s')",
    "varchar(9)": "nextval('s')",
    "char(9)": "nextval('s')",
    "int": "nextval('s')::integer",
    "int8": "nextval('s')::numeric(12, 0)::bigint",
    "int4": "nextval('s')::text::integer",
    "int2": "nextval(('s'::text)::regclass)",
    "numeric(30)": "nextval('s')::positive",
}
COMPUTED = (
    ("integer", "nextval('s') * 1000 + 7"),
    ("smallint", "nextval('s') % 16"),
    ("bigint", "(extract(epoch FROM now())::bigint << 23) | (nextval('s') % 1024)"),
    ("bigint", "-nextval('s')"),
    ("bigint", "+nextval('s')"),
    ("bigint", "same(nextval('s'))"),
    ("bigint", "of_sequence('s'::regclass)"),
    ("bigint", "nextval(CASE WHEN random() > 2 THEN 's'::regclass ELSE 's' END)"),
    ("bigint", "coalesce(nextval('s'), 1)"),
    ("bigint", "greatest(nextval('s'), 100)"),
    ("bigint", "CASE WHEN true THEN nextval('s') END"),
    ("bigint", "currval('s')"),
    ("bigint", "setval('s', 1)"),
    ("bigint", "nextval('s')::bit(4)::integer"),
    ("bigint", "nextval('s')::real"),
    ("bigint", "nextval('s')::double precision"),
    ("bigint", "nextval('s')::varchar(2)::integer"),
    ("bigint", "nextval('s')::text::char(1)::integer"),
    ("bigint", "nextval('s')::integer::boolean::integer"),
    ("bigint", "round(nextval('s'), -3)"),
    ("text", "'INV-' || nextval('s')"),
    ("text", "to_char(nextval('s'), '0000')"),
    ("text", "lpad(nextval('s')::text, 9, '0')"),
)
# fmt: on


@pytest.fixture
def sequence(database: Database) -> Database:
    database.execute(
        "CREATE SEQUENCE s; CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);"
        " CREATE FUNCTION same(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';"
        " CREATE FUNCTION of_sequence(regclass) RETURNS bigint LANGUAGE sql"
        " AS 'SELECT nextval($1)'"
    )
    return database


def tree(database: Database, kind: str, default: str) -> str:
    database.execute(
        f"DROP TABLE IF EXISTS t; CREATE TABLE t (id {kind} DEFAULT {default})"
    )
    [(found,)] = database.execute("SELECT adbin::text FROM pg_attrdef")
    return str(found)


@pytest.mark.parametrize(("kind", "default"), HANDED_ON.items())
def test_nextval_under_casts_that_keep_its_value_is_plain(
    kind: str, default: str, sequence: Database
) -> None:
    assert is_plain_nextval(tree(sequence, kind, default))


@pytest.mark.parametrize(("kind", "default"), COMPUTED)
def test_everything_else_computes(kind: str, default: str, sequence: Database) -> None:
    assert not is_plain_nextval(tree(sequence, kind, default))


def test_a_numeric_that_rounds_to_hundreds_computes(sequence: Database) -> None:
    if sequence.major < 15:
        pytest.skip("scales below zero came with PostgreSQL 15")

    found = tree(sequence, "numeric(12, -2)", "nextval('s')")

    assert not is_plain_nextval(found)
    assert is_rounded_nextval(found)


def test_whether_a_default_calls_nextval_itself_is_told_from_functions_of_users(
    sequence: Database,
) -> None:
    by_itself = [tree(sequence, "bigint", "nextval('s') % 16")]
    by_function = [
        tree(sequence, "bigint", default)
        for default in ("of_sequence('s'::regclass)", "same(currval('s'))")
    ]

    assert [calls_nextval(each) for each in by_itself] == [True]
    assert [calls_nextval(each) for each in by_function] == [False, False]


def test_the_default_of_a_domain_is_read_like_that_of_a_column(
    sequence: Database,
) -> None:
    sequence.execute("CREATE DOMAIN key AS integer DEFAULT nextval('s')")
    [(found,)] = sequence.execute(
        "SELECT typdefaultbin::text FROM pg_type WHERE typname = 'key'"
    )

    assert is_plain_nextval(found)


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_what_is_cut_off_or_goes_on_computes(cut: int, sequence: Database) -> None:
    found = tree(sequence, "integer", "nextval('s')")

    assert not is_plain_nextval(found[:-cut])
    assert not is_plain_nextval(f"{found} {found[-cut:]}")


PLAIN = "{NEXTVALUEEXPR :seqid 7 :typeId 20}"


@pytest.mark.parametrize(
    ("link", "called", "tree", "identity", "supplied"),
    [
        (Link.IDENTITY, (), None, True, Supply.PLAIN),
        (Link.OWNED, (), None, False, Supply.PLAIN),
        (Link.OWNED, (), None, True, Supply.LEFTOVER),
        (Link.OWNED, (7,), PLAIN, False, Supply.PLAIN),
        (Link.OWNED, (7,), "{OPEXPR}", False, Supply.COMPUTED),
        (Link.OWNED, (8,), PLAIN, False, Supply.LEFTOVER),
        (Link.OWNED, (8,), "{OPEXPR}", False, Supply.LEFTOVER),
        (Link.OWNED, (), "{FUNCEXPR :funcid 1}", False, Supply.COMPUTED),
        (Link.DEFAULT, (7,), PLAIN, False, Supply.PLAIN),
        (Link.DEFAULT, (7, 8), "{OPEXPR}", False, Supply.COMPUTED),
    ],
)
def test_how_a_column_comes_by_the_values_of_a_sequence(
    link: Link,
    called: tuple[int, ...],
    tree: str | None,
    identity: bool,
    supplied: Supply,
) -> None:
    found = supply(
        link, sequence_oid=7, called_oids=called, tree=tree, identity=identity
    )

    assert found is supplied
