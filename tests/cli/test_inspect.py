from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from agent.cli.records import HEADER
from tests.cli.conftest import ConfigFor
from tests.cli.running import Ran, sequence_agent
from tests.postgres_servers import Database, role_name

SCHEMA = """
    CREATE TABLE users (id integer PRIMARY KEY);
    CREATE SEQUENCE users_id_seq OWNED BY users.id;
    ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('users_id_seq');
    SELECT setval('users_id_seq', 2040109465);
    CREATE SEQUENCE unused;
    CREATE SEQUENCE huge;
    SELECT setval('huge', 9223372036854775806);
"""


def inspect(*arguments: str) -> Ran:
    return sequence_agent("inspect", *arguments)


def document_of(ran: Ran) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(ran.stdout)
    return decoded


def sequences_of(ran: Ran) -> dict[str, dict[str, Any]]:
    [database] = document_of(ran)["databases"]
    return {sequence["sequencename"]: sequence for sequence in database["sequences"]}


def test_json_has_the_database_and_exact_values(database: Database) -> None:
    database.execute(SCHEMA)

    ran = inspect("--dsn", database.dsn, "--format", "json")

    [entry] = document_of(ran)["databases"]
    found = sequences_of(ran)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert entry["datname"] == database.name
    assert entry["server"] == f"127.0.0.1:{database.server.port}"
    assert entry["server_version"].startswith(str(database.major))
    assert (entry["in_recovery"], entry["error"]) == (False, None)
    assert found["users_id_seq"]["remaining_values"] == 107374182
    assert found["users_id_seq"]["columns"][0]["link"] == "owned"
    assert found["unused"]["state"] == "unused"
    assert found["huge"]["last_value"] == 9223372036854775806
    assert found["huge"]["remaining_values"] == 1


def test_csv_has_one_record_for_each_sequence(database: Database) -> None:
    database.execute(SCHEMA + 'CREATE SEQUENCE "odd "", name\n";')

    ran = inspect("--dsn", database.dsn, "--format", "csv")

    records = list(csv.DictReader(io.StringIO(ran.stdout)))
    by_name = {record["sequencename"]: record for record in records}
    assert ran.stdout.splitlines()[0] == ",".join(HEADER)
    assert set(by_name) == {"users_id_seq", "unused", "huge", 'odd ", name\n'}
    assert by_name["huge"]["last_value"] == "9223372036854775806"
    assert by_name["unused"]["last_value"] == ""
    assert by_name["unused"]["is_called"] == "false"
    assert by_name["users_id_seq"]["findings"] == (
        "critical:near_limit info:column_narrower"
    )


def test_a_carriage_return_in_a_name_is_quoted_too(database: Database) -> None:
    database.execute('CREATE SEQUENCE "a\rb"')

    ran = sequence_agent("inspect", "--dsn", database.dsn, "--format", "csv")

    # text mode has read the carriage return as a line break
    assert ',"a\nb",' in ran.stdout


def test_the_table_has_every_sequence_the_urgent_first(database: Database) -> None:
    database.execute(SCHEMA)

    ran = inspect("--dsn", database.dsn)

    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == [
        "sequence",
        "public.huge",
        "public.users_id_seq",
        "public.unused",
    ]
    assert lines[5].startswith(f"3 sequences in {database.name} on 127.0.0.1:")


def test_without_privilege_the_remedy_can_be_pasted(database: Database) -> None:
    database.execute(SCHEMA)
    blind = database.role("blind")

    ran = inspect("--dsn", blind, "--format", "json")
    for sequence in sequences_of(ran).values():
        [remedy] = [
            f["remedy"] for f in sequence["findings"] if f["kind"] == "unreadable"
        ]
        database.execute(remedy.partition(" (")[0])

    assert {s["state"] for s in sequences_of(ran).values()} == {"unreadable"}
    after = sequences_of(inspect("--dsn", blind, "--format", "json"))
    assert {s["state"] for s in after.values()} == {"ok", "unused"}
    assert role_name(blind) in ran.stdout


def test_what_can_be_read_is_printed_beside_what_cannot(database: Database) -> None:
    database.execute(SCHEMA)

    ran = inspect("--dsn", database.dsn, "--dsn", database.server.dsn("no_such"))

    assert ran.returncode == 4
    assert "public.users_id_seq" in ran.stdout
    [line] = ran.stderr.splitlines()
    assert line.startswith(
        f"sequence-agent: error: 127.0.0.1:{database.server.port}/no_such: "
    )


@pytest.mark.parametrize("form", ["json", "csv"])
def test_when_nothing_can_be_read_the_exit_code_says_so(
    database: Database, form: str
) -> None:
    ran = inspect("--dsn", database.server.dsn("no_such"), "--format", form)

    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert form == "csv" or document_of(ran)["databases"][0]["error"]
    assert form == "json" or ran.stdout == ""


def test_all_databases_of_a_server_are_found(database: Database) -> None:
    database.execute(SCHEMA)

    ran = inspect("--dsn", database.dsn, "--all-databases", "--format", "json")

    found = {entry["datname"] for entry in document_of(ran)["databases"]}
    assert {database.name, "postgres"} <= found
    assert not any(name.startswith("template") for name in found)


def test_a_configuration_says_where_to_look_and_what_to_leave_out(
    database: Database, config_for: ConfigFor
) -> None:
    database.execute(SCHEMA)
    config = config_for(database, "    sequences: {exclude: [public.huge]}")

    ran = inspect("--config", config)

    assert ran.returncode == 0
    assert "public.users_id_seq" in ran.stdout
    assert "public.huge" not in ran.stdout
    assert (
        f"2 sequences in {database.name} on primary (PostgreSQL {database.major}"
        in ran.stdout
    )
    assert "1 excluded" in ran.stdout


def test_filters_that_admit_no_database_are_an_error(
    database: Database, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"servers: [{{name: a, dsn: '{database.dsn}', databases: {{include: [x]}}}}]"
    )

    ran = inspect("--config", str(config))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "sequence-agent: error: there is no database to look at: the filters admit"
        " none\n"
    )


def test_libpqs_environment_variables_are_enough(database: Database) -> None:
    database.execute(SCHEMA)
    reader = database.role("reader")
    password = reader.partition("@")[0].rpartition(":")[2]

    ran = sequence_agent(
        "inspect",
        "--dsn",
        "postgresql://",
        env={
            "PGHOST": "127.0.0.1",
            "PGPORT": str(database.server.port),
            "PGUSER": role_name(reader),
            "PGPASSWORD": password,
            "PGDATABASE": database.name,
        },
    )

    assert ran.returncode == 0
    assert f"3 sequences in {database.name} on 127.0.0.1:" in ran.stdout
    assert password not in ran.stdout + ran.stderr


def test_no_password_is_in_any_output(database: Database) -> None:
    database.execute(SCHEMA)
    reader = database.role("reader")
    password = reader.partition("@")[0].rpartition(":")[2]

    for form in ("table", "json", "csv"):
        ran = inspect("--dsn", reader, "--format", form, "--verbose")

        assert ran.returncode == 0
        assert password not in ran.stdout + ran.stderr
