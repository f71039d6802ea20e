"""Runbooks: a page for each alert, in one order, with statements that work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.rules import ROOT, load_alerts
from tests.postgres_servers import Database

FOLDER = ROOT / "docs" / "runbooks"
ALERTS = {alert.name: alert for alert in load_alerts()}
HEADINGS = ["First", "Why it fires", "Confirm", "Fix", "Silence", "See also"]

ORDERS = """
CREATE TABLE public.orders (id serial PRIMARY KEY, what text);
INSERT INTO public.orders (what) SELECT 'x' FROM generate_series(1, 100);
"""
LINES = """
CREATE TABLE public.order_lines (order_id integer REFERENCES public.orders);
INSERT INTO public.order_lines VALUES (7);
"""


def statements(page: str, heading: str) -> Iterator[str]:
    """Each statement of the SQL under a heading, without what is fenced as another."""
    text = (FOLDER / page).read_text(encoding="utf-8")
    under = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```sql\n(.*?)```", under, re.DOTALL):
        code = re.sub(r"--.*", "", block)
        yield from (s for s in re.split(r";\s*\n", code) if s.strip())


def run(database: Database, page: str, heading: str) -> None:
    with database.connect() as connection:
        for statement in statements(page, heading):
            connection.execute(statement.encode())


def column_type(database: Database) -> str:
    [(found,)] = database.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'public.orders'::regclass AND attname = 'id'"
    )
    return str(found)


def next_id(database: Database) -> int:
    [(found,)] = database.execute(
        "INSERT INTO public.orders DEFAULT VALUES RETURNING id"
    )
    return int(found)


def test_each_alert_has_a_page_and_no_page_is_left_over() -> None:
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"widening"}

    assert pages == {alert.runbook for alert in ALERTS.values()}


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_begins_with_what_to_do_first(name: str) -> None:
    text = (FOLDER / f"{ALERTS[name].runbook}.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {name}\n\nSeverity: {ALERTS[name].severity}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    words = " ".join(text.split())
    for threshold, value in ALERTS[name].thresholds.items():
        if threshold in {"ratio", "days", "hours", "seconds", "overdue"}:
            assert f"`{threshold}` ({value})" in words


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda p: p.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(
        r"\]\(([^)#]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")
    ):
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), target
        headings = re.findall(
            r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert not anchor or anchor in {_anchor(heading) for heading in headings}, (
            anchor
        )


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_a_small_table_is_widened_with_what_references_it(database: Database) -> None:
    database.execute(ORDERS + LINES)

    run(database, "widening.md", "An `integer` column ends: a small table")

    database.execute("SELECT setval('public.orders_id_seq', 2147483647)")
    assert column_type(database) == "bigint"
    assert next_id(database) == 2147483648


def test_a_large_table_is_widened_while_it_is_used(database: Database) -> None:
    database.execute(ORDERS)

    run(database, "widening.md", "An `integer` column ends: a large table")

    database.execute("SELECT setval('public.orders_id_seq', 2147483647)")
    assert column_type(database) == "bigint"
    assert next_id(database) == 2147483648
    [(rows, least, most)] = database.execute(
        "SELECT count(*), min(id), max(id) FROM public.orders WHERE id <= 100"
    )
    assert (rows, least, most) == (100, 1, 100)
    [(key,)] = database.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'public.orders'::regclass AND contype = 'p'"
    )
    assert key == "PRIMARY KEY (id)"
    [(owned,)] = database.execute(
        "SELECT pg_get_serial_sequence('public.orders', 'id')"
    )
    assert owned == "public.orders_id_seq"


def test_a_sequence_that_ends_itself_goes_on(database: Database) -> None:
    database.execute("CREATE SEQUENCE public.orders_id_seq AS integer MAXVALUE 5")

    run(database, "widening.md", "The sequence ends: `MAXVALUE`, or its type")

    [(most,)] = database.execute("SELECT max_value FROM pg_sequences")
    assert most == 2**63 - 1


def test_values_below_zero_buy_time_at_once(database: Database) -> None:
    database.execute(ORDERS)
    database.execute("SELECT setval('public.orders_id_seq', 2147483647)")
    below_zero = [
        s
        for s in statements("PgSequenceExhausted.md", "First")
        if "MINVALUE -" in s or "min(id)" in s
    ]

    for statement in below_zero:
        database.execute(statement)

    assert next_id(database) == -2147483648
    [(most,)] = database.execute("SELECT max_value FROM pg_sequences")
    assert most == -1  # and never into the ids that are there


def test_all_that_only_looks_can_be_run(database: Database) -> None:
    database.execute(ORDERS)
    looked = [
        statement
        for path in sorted(FOLDER.glob("Pg*.md"))
        for heading in ("First", "Confirm")
        for statement in statements(path.name, heading)
        if statement.strip().startswith("SELECT") and "PID" not in statement
    ]

    for statement in looked:
        database.execute(statement)

    assert len(looked) > 8
