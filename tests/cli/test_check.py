from __future__ import annotations

import pytest

from agent.cli.check import ratio
from agent.cli.failures import UsageError
from tests.cli.conftest import ConfigFor
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("75%", 0.75),
        ("75 %", 0.75),
        ("75", 0.75),
        ("0.75", 0.75),
        ("99.5%", 0.995),
        ("0.5%", 0.005),
        ("1", 1.0),
        ("1%", 0.01),
        ("100", 1.0),
    ],
)
def test_a_threshold_is_a_percentage_or_a_share(text: str, share: float) -> None:
    assert ratio(text, option="--warning") == share


@pytest.mark.parametrize(
    "text",
    ["", "ninety", "-5", "1e1", "nan", "inf", "0", "0%", "101", "120%", "1,5", "²"],
)
def test_anything_else_is_no_threshold(text: str) -> None:
    with pytest.raises(UsageError, match="--warning must be"):
        ratio(text, option="--warning")


def used(database: Database, percents: int, name: str = "hundred") -> None:
    database.execute(
        f"CREATE SEQUENCE {name} MAXVALUE 100; SELECT setval('{name}', {percents})"
    )


@pytest.mark.parametrize(
    ("percents", "options", "code", "word"),
    [
        (50, (), 0, "OK - 1 sequence in 1 database, fullest"),
        (80, (), 1, "WARNING"),
        (95, (), 2, "CRITICAL"),
        (100, ("--critical", "100%"), 2, "CRITICAL"),
        (80, ("--warning", "81%"), 0, "OK"),
        (80, ("--critical", "0.8"), 2, "CRITICAL"),
    ],
)
def test_the_exit_code_and_the_line_say_the_same(
    database: Database, percents: int, options: tuple[str, ...], code: int, word: str
) -> None:
    used(database, percents)

    ran = sequence_agent("check", "--dsn", database.dsn, *options)

    assert ran.returncode == code
    assert ran.stdout.startswith(f"SEQUENCES {word} ")
    assert ran.stdout.count("\n") == 1
    assert ran.stderr == ""


def test_performance_data_has_the_thresholds(database: Database) -> None:
    used(database, 50)

    ran = sequence_agent(
        "check", "--dsn", database.dsn, "--warning", "60", "--critical", "99.5%"
    )

    server = f"127.0.0.1:{database.server.port}"
    assert ran.stdout == (
        f"SEQUENCES OK - 1 sequence in 1 database, fullest {database.name}.public.hundred"
        f" 50.0% used with 50 calls left | '{server}/{database.name} max_used'="
        "50.00%;60;99.5;0; sequences=1;;;0; unused=0;;;0; unreadable=0;;;0;"
        " warning=0;;;0; critical=0;;;0;\n"
    )


def test_without_privilege_the_answer_is_unknown(database: Database) -> None:
    used(database, 1)

    ran = sequence_agent("check", "--dsn", database.role("blind"))

    assert ran.returncode == 3
    assert ran.stdout.startswith(
        f"SEQUENCES UNKNOWN - {database.name}.public.hundred cannot be read | "
    )


def test_a_database_without_sequences_is_no_green_light(database: Database) -> None:
    ran = sequence_agent("check", "--dsn", database.dsn)

    assert ran.returncode == 3
    assert ran.stdout.startswith("SEQUENCES UNKNOWN - no sequence found | ")


def test_one_unreachable_database_among_others_is_unknown(database: Database) -> None:
    used(database, 1)

    ran = sequence_agent(
        "check", "--dsn", database.dsn, "--dsn", database.server.dsn("no_such")
    )

    assert ran.returncode == 3
    assert 'database "no_such" does not exist' in ran.stdout
    assert ran.stderr == ""


def test_the_configurations_thresholds_hold_unless_given(
    database: Database, config_for: ConfigFor
) -> None:
    used(database, 50)
    config = config_for(database, "severity: {warning: {used_ratio: 0.4}}")

    as_configured = sequence_agent("check", "--config", config)
    as_given = sequence_agent("check", "--config", config, "--warning", "60%")

    assert (as_configured.returncode, as_given.returncode) == (1, 0)
