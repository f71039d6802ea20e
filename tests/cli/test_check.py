from __future__ import annotations

import json

import pytest

from agent.cli.check import ratio
from agent.cli.failures import UsageError
from tests.cli.conftest import ConfigFor
from tests.cli.remembering import SCHEMA, Home
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


ACCEPTED = (
    "acknowledge:\n"
    "  - {kind: near_limit, sequence: 'public.hundred', reason: 'never grows', until: %s}\n"
)


def test_what_is_acknowledged_is_shown_and_not_counted(
    database: Database, config_for: ConfigFor
) -> None:
    used(database, 95)
    config = config_for(database, ACCEPTED % "2126-01-01")

    checked = sequence_agent("check", "--config", config)
    table = sequence_agent("inspect", "--config", config, "--verbose").stdout
    printed = sequence_agent("inspect", "--config", config, "--format", "json").stdout

    assert checked.returncode == 0
    assert " used with 5 calls left (1 acknowledged) | " in checked.stdout
    assert "(acknowledged until 2126-01-01: never grows)" in table
    [sequence] = json.loads(printed)["databases"][0]["sequences"]
    [finding] = [f for f in sequence["findings"] if f["kind"] == "near_limit"]
    assert finding["acknowledged"] == {"reason": "never grows", "until": "2126-01-01"}


def test_what_was_acknowledged_until_yesterday_counts_again(
    database: Database, config_for: ConfigFor
) -> None:
    used(database, 95)

    ran = sequence_agent(
        "check", "--config", config_for(database, ACCEPTED % "2026-01-01")
    )

    assert ran.returncode == 2


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--exclude", "filled"), 0, "(1 excluded)"),
        (("--exclude", "public.f*"), 0, "(1 excluded)"),
        (("--sequence", "public.hundred"), 0, "(1 excluded)"),
        (("--sequence", "filled"), 2, "(1 excluded)"),
        (("--exclude", "*"), 3, "no sequence found (2 excluded)"),
    ],
)
def test_only_what_the_patterns_admit_is_counted(
    database: Database, options: tuple[str, ...], code: int, words: str
) -> None:
    used(database, 1)
    used(database, 100, "filled")

    ran = sequence_agent("check", "--dsn", database.dsn, *options)

    assert ran.returncode == code
    assert words in ran.stdout


@pytest.mark.parametrize(
    ("spans", "code", "words"),
    [
        ((), 2, "orders_id_seq may run out in"),
        (("--critical-within", "5d"), 1, "orders_id_seq may run out in"),
        (("--critical-within", "5d", "--warning-within", "6d"), 0, "(1 excluded)"),
    ],
)
def test_the_time_that_is_left_counts_where_a_history_tells_it(
    home: Home, spans: tuple[str, ...], code: int, words: str
) -> None:
    home.database.execute(SCHEMA)
    home.remember()
    nearly_all = ("--warning", "99.9995%", "--critical", "99.9999%")

    ran = sequence_agent(
        "check",
        "--config",
        str(home.config),
        "--exclude",
        "full_seq",
        *nearly_all,
        *spans,
    )

    assert ran.returncode == code
    assert words in ran.stdout


def test_a_history_that_cannot_be_read_is_unknown(home: Home) -> None:
    home.database.execute("CREATE SEQUENCE s")
    home.history.write_text("no database at all, but a text of some length" * 100)

    checked = sequence_agent("check", "--config", str(home.config))
    inspected = sequence_agent("inspect", "--config", str(home.config))

    assert checked.returncode == 3
    assert "SEQUENCES UNKNOWN - time left: cannot read the history" in checked.stdout
    assert inspected.returncode == 0
    assert "time left: cannot read the history" in inspected.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--warning-within", "7"), "--warning-within needs a unit, such as 60s"),
        (("--critical-within", "0d"), "--critical-within must be longer than nothing"),
        (("--critical-within", "90d"), "--warning-within (90d) must be longer than"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    options: tuple[str, ...], message: str
) -> None:
    ran = sequence_agent("check", "--dsn", "host=nowhere", *options)

    assert ran.returncode == 3
    assert message in ran.stdout
