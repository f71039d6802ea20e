"""`sequence-agent plan`, as users run it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.segment import Segments

from agent.cli.paper import Paper
from agent.cli.planned import planned
from agent.domain.filters import NameFilter
from agent.domain.resets.document import document
from agent.domain.resets.facts import Measured, Size, Unknown
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import Plan, plan
from agent.domain.sequences import At, Link, Unused
from agent.domain.table_facts import Inheritance
from tests.cli.running import Ran, sequence_agent
from tests.goldens import golden
from tests.postgres_servers import Database
from tests.resets.catalogs import CATALOG, JOB, feed, relation, sequence
from tests.resets.rich_catalog import RICH, SEEDED, SEEDS, VIEW
from tests.resets.target import Target, armed_target, unarmed_target

GOLDEN = Path(__file__).parent / "golden"
TERMINAL = Paper(width=80, encoding="utf-8")
PIPE = Paper(width=None, encoding="utf-8")
ASCII = Paper(width=80, encoding="ascii")

MEASURED = Measured(
    sizes={
        1: Size(rows=12, bytes=24_576, exact=True),
        2: Size(rows=130, bytes=1_000_000, exact=False),
        3: Size(rows=Unknown("permission denied"), bytes=8192, exact=False),
    },
    positions={11: At(12), 12: Unused(100)},
    furthest={(1, "id"): 99, (2, "id"): None},
)
RUN_IT = "sequence-agent reset nightly-reset --config config.yaml --plan sha256:…"


def allowed() -> Plan:
    return plan(JOB, CATALOG, MEASURED)


def refused() -> Plan:
    return plan(
        replace(JOB, tables=NameFilter(include=("public.t[12]", "shop.*"))),
        replace(
            CATALOG,
            marker=Unknown("there is no schema sequence_agent"),
            relations=(*CATALOG.relations, relation(3, partition=True), relation(4)),
            inheritance=(Inheritance(parent_oid=2, child_oid=3),),
        ),
        MEASURED,
    )


def resync() -> Plan:
    return plan(replace(JOB, kind=JobKind.RESYNC), CATALOG, MEASURED)


def everything() -> Plan:
    return plan(
        replace(SEEDED, sequences=("public.s13",), pinned_plan="sha256:" + "0" * 64),
        replace(
            RICH,
            relations=(
                RICH.relations[0],
                replace(RICH.relations[1], name="schema_migrations"),
                VIEW,
            ),
            sequences=(*RICH.sequences, sequence(13), sequence(14)),
            feeds=(*RICH.feeds, replace(feed(14, 1, Link.DEFAULT), base_type="text")),
        ),
        MEASURED,
        seeds=SEEDS,
    )


def written(made: Plan, paper: Paper, *, colours: bool = False) -> str:
    file = StringIO()
    console = Console(
        file=file,
        force_terminal=colours,
        color_system="standard" if colours else None,
        width=200,
    )
    segments = planned(made, paper, run_it=RUN_IT)
    console.print(Segments(segments), soft_wrap=True, end="")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "made", "paper"),
    [
        ("allowed", allowed, TERMINAL),
        ("refused", refused, TERMINAL),
        ("refused_pipe", refused, PIPE),
        ("refused_ascii", refused, ASCII),
        ("resync", resync, TERMINAL),
        ("with_everything", everything, TERMINAL),
    ],
)
def test_a_plan_is_written_as_it_was_agreed(
    name: str, made: Callable[[], Plan], paper: Paper
) -> None:
    text = written(made(), paper)

    assert text == golden(GOLDEN / f"plan_{name}.txt", text)


@pytest.mark.parametrize(
    ("name", "made"), [("resync", resync), ("with_everything", everything)]
)
def test_a_plan_for_programs_says_all_that_is_agreed(
    name: str, made: Callable[[], Plan]
) -> None:
    text = json.dumps(document(made()), indent=2, ensure_ascii=False) + "\n"

    assert text == golden(GOLDEN / f"plan_{name}.json", text)


def test_refusals_stand_out_in_colour() -> None:
    assert "\x1b[1;31m✘\x1b[0m marker_missing" in written(
        refused(), TERMINAL, colours=True
    )


def test_names_cannot_write_to_the_terminal() -> None:
    catalog = replace(
        CATALOG, relations=(replace(relation(1), name="t\x1b[31m"), relation(2))
    )

    text = written(plan(JOB, catalog, MEASURED), TERMINAL)

    assert "\x1b" not in text
    assert r"public.t\x1b[31m" in text


# As a program.


def configured(target: Target, folder: Path, *, dsn: str | None = None) -> str:
    file = folder / "config.yaml"
    file.write_text(
        f"""\
servers:
  - name: staging
    dsn: {dsn or target.dsn}
    resets: {{environment: staging}}
jobs:
  - name: nightly-reset
    kind: reset
    server: staging
    database: {target.database.name}
    tables: {{include: ["public.*"]}}
    allow: {{triggers: [public.users.trg]}}
  - name: resync
    kind: resync
    server: staging
    database: {target.database.name}
    tables: {{include: ["public.*"]}}
"""
    )
    return str(file)


def plan_command(config: str, *more: str, job: str = "nightly-reset") -> Ran:
    return sequence_agent("plan", job, "--config", config, *more)


def test_a_plan_that_is_allowed(database: Database, tmp_path: Path) -> None:
    config = configured(armed_target(database), tmp_path)

    ran = plan_command(config)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "allowed; nothing was changed" in ran.stdout
    assert re.search(r"public\.users +5 +\d+ kB +listed\n", ran.stdout)
    assert re.search(r"public\.users_id_seq +5 +1 +owned by", ran.stdout)
    assert re.search(
        rf"sequence-agent reset nightly-reset --config {re.escape(config)}"
        r" --plan sha256:[0-9a-f]{64}\n$",
        ran.stdout,
    )
    assert "allow.triggers: public.users.trg" in ran.stdout


def test_a_plan_that_is_refused(database: Database, tmp_path: Path) -> None:
    config = configured(unarmed_target(database), tmp_path)

    ran = plan_command(config)

    assert (ran.returncode, ran.stderr) == (3, "")
    assert "refused by marker_missing; nothing was changed" in ran.stdout
    assert "sequence-agent reset" not in ran.stdout


def test_a_plan_as_json(database: Database, tmp_path: Path) -> None:
    config = configured(armed_target(database), tmp_path)

    ran = plan_command(config, "--format", "json")

    told = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert list(told) == [
        "job",
        "allowed",
        "hash",
        "gates",
        "tables",
        "sequences",
        "seeds",
        "not_restarted",
        "hints",
        "triggers",
        "event_triggers",
        "locks",
        "pinned",
    ]
    assert (told["job"], told["allowed"]) == ("nightly-reset", True)
    assert {tuple(gate) for gate in told["gates"]} == {("gate", "passed", "detail")}
    assert [(t["table"], t["rows"], t["why"]) for t in told["tables"]] == [
        ("public.orders", 3, "listed"),
        ("public.users", 5, "listed"),
    ]
    assert told["sequences"] == [
        {"sequence": "public.orders_id_seq", "before": 102, "after": 100},
        {"sequence": "public.users_id_seq", "before": 5, "after": 1},
    ]


def test_a_refused_plan_as_json(database: Database, tmp_path: Path) -> None:
    config = configured(unarmed_target(database), tmp_path)

    ran = plan_command(config, "--format", "json")

    assert ran.returncode == 3
    assert json.loads(ran.stdout)["allowed"] is False


def test_a_resync_is_planned_too(database: Database, tmp_path: Path) -> None:
    target = armed_target(database)
    target.as_agent("INSERT INTO users (id) VALUES (70)")

    ran = plan_command(configured(target, tmp_path), job="resync")

    assert ran.returncode == 0
    assert re.search(r"public\.users_id_seq +5 +70 ", ran.stdout)


def test_a_job_that_does_not_exist(database: Database, tmp_path: Path) -> None:
    config = configured(armed_target(database), tmp_path)

    ran = plan_command(config, job="nightly-rest")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "no job 'nightly-rest'; did you mean 'nightly-reset'?" in ran.stderr


def test_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("servers: 5\n")

    assert plan_command(str(file)).returncode == 2


def test_a_server_that_does_not_answer(database: Database, tmp_path: Path) -> None:
    target = armed_target(database)
    dsn = re.sub(r":\d+/", ":1/", target.dsn)

    ran = plan_command(configured(target, tmp_path, dsn=dsn))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "cannot connect" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
