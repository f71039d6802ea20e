"""What is wrong with a file, told in lines that help."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.config import ConfigError, Problem, check, load
from tests.config.files import SERVER, job, loaded, problems, server, with_server

NOT_YAML = [
    pytest.param(b"", ["config.yaml: is empty; the least is a list of servers"], id="empty"),
    pytest.param(b"# later\n", ["config.yaml: is empty; the least is a list of servers"], id="comment"),
    pytest.param(b"---\n~\n", ["config.yaml:2: must be a mapping of keys such as 'servers:'"], id="null"),
    pytest.param(b"- a\n", ["config.yaml:1: must be a mapping of keys such as 'servers:'"], id="list"),
    pytest.param(b"secret\n", ["config.yaml:1: must be a mapping of keys such as 'servers:'"], id="text"),
    pytest.param(b"a: 1\n---\nb: 2\n", ["config.yaml:2: there is a second document; one file holds one configuration"], id="two-documents"),
    pytest.param(b"a: 1\nb: caf\xe9\n", ["config.yaml:2: is not UTF-8 text"], id="latin-1"),
    pytest.param("a: 1\n".encode("utf-16"), ["config.yaml:1: is not UTF-8 text"], id="utf-16"),
    pytest.param(b"a: 1\n\nb: \x07\n", ["config.yaml:3: there is a control character in the text"], id="control"),
    pytest.param(b"a:\n\tb: 1\n", ["config.yaml:2: a tab cannot indent or begin a value; use spaces"], id="tab"),
    pytest.param(b"a: b: secret\n", ["config.yaml:1: there is a colon too many, or wrong indentation"], id="colons"),
    pytest.param(b"a: 1\n b: 2\n", ["config.yaml:2: there is a colon too many, or wrong indentation"], id="indented"),
    pytest.param(b"a:\n  b: 1\n c: 2\n", ["config.yaml:3: the indentation does not fit the lines above"], id="dedented"),
    pytest.param(b"a: 1\nsecret\n", ["config.yaml:2: there is no colon, or no space after it"], id="no-colon"),
    pytest.param(b"a: 1\nb: 'x\nc: 3\n", ["config.yaml:2: something opened here is never closed"], id="quote"),
    pytest.param(b"a: 1\nb: [x\nc: 3\n", ["config.yaml:2: a bracket opened here lacks a comma, or is never closed"], id="bracket"),
    pytest.param(b"a: @secret\n", ["config.yaml:1: a value that begins so needs quotes"], id="at-sign"),
    pytest.param(b"a: *secret\n", ["config.yaml:1: an *alias stands for no &anchor; quote a text that begins with *"], id="asterisk"),
    pytest.param(b"a: &x 1\nb: &x 2\n", ["config.yaml:2: the same &anchor is given twice"], id="anchors"),
    pytest.param(rb'a: "\secret"', ["config.yaml:1: there is an unknown \\ escape in double quotes; use single quotes"], id="escape"),
    pytest.param(rb'a: "\UFFFFFFFF"', ["config.yaml: there is an impossible \\U escape in double quotes"], id="beyond-unicode"),
    pytest.param(b"a: {port: ${PORT}}\n", ["config.yaml:1: inside { } or [ ], a ${VAR} needs quotes around it"], id="braces"),
    pytest.param(b"a: }\n", ["config.yaml:1: this is not YAML"], id="brace"),
    pytest.param(b"a: &a\n  b: *a\n", ["config.yaml:1: contains itself, by an alias"], id="self"),
    pytest.param(b"a: &a\n  <<: *a\n", ["config.yaml:1: contains itself, by an alias"], id="self-merged"),
    pytest.param(b"a: " + b"[" * 40 + b"]" * 40, ["config.yaml:1: nests too deeply"], id="deep"),
    pytest.param(b"a: " + b"[" * 100_000, ["config.yaml: nests too deeply"], id="deeper"),
    pytest.param(b"#" * 1024 * 1024 + b"#", ["config.yaml: is larger than 1 MiB"], id="large"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), NOT_YAML)
def test_a_file_that_is_no_yaml_mapping_is_told_so_in_one_line(
    content: bytes, expected: list[str]
) -> None:
    assert problems(content) == expected


def test_an_alias_bomb_is_refused() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(["a0: &a0 [x]", *levels])

    assert problems(bomb.encode()) == [
        "config.yaml: holds more than 50000 values, with its aliases"
    ]


def test_a_merge_bomb_is_refused() -> None:
    levels = [
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)
    ]
    bomb = "\n".join(["a0: &a0 {x: 1}", *levels])

    assert "holds more than 50000 values" in problems(bomb.encode())[0]


MISTAKES = [
    # Structure
    ("a: 1", [
        "config.yaml:1: a: unknown key; known are acknowledge, history, jobs, listen, log, metrics, sampling, servers, severity, suspended",
        "config.yaml:1: servers: is required",
    ]),
    ("servers:", ["config.yaml:1: servers: must not be empty"]),
    ("servers: []", ["config.yaml:1: servers: must not be empty"]),
    ("servers: {a: 1}", ["config.yaml:1: servers: must be a list, such as [a, b]"]),
    ("servers: secret", ["config.yaml:1: servers: must be a list, such as [a, b]"]),
    ("servers: [secret]", ["config.yaml:1: servers[0]: must be a mapping of keys"]),
    ("servers:\n  -", [
        "config.yaml:2: servers[0].name: is required",
    ]),
    (with_server("severs: []"), ["config.yaml:2: severs: unknown key; did you mean 'servers'?"]),
    (with_server("log: {levle: info}"), ["config.yaml:2: log.levle: unknown key; did you mean 'level'?"]),
    (with_server("log:\n  level:info: x"), ["config.yaml:3: log.?: unknown key; is a space missing after a colon?"]),
    (with_server("log:\n  'a b': x"), ["config.yaml:3: log.?: unknown key; known are format, level"]),
    (with_server("log:\n  ? [a]\n  : b"), ["config.yaml:3: log: has a key that is not plain text"]),
    (with_server("log: {level: info}\nlog: {}\nlog: {}"), [
        "config.yaml:3: log: is given twice, first on line 2",
        "config.yaml:4: log: is given twice, first on line 2",
    ]),
    (with_server("log:\n  level: info\n  level: debug"), ["config.yaml:4: log.level: is given twice, first on line 3"]),
    (with_server("log:\n  level: !loud info"), ["config.yaml:3: log.level: has a tag, such as !text; leave it out"]),
    (with_server("log: !!set {}"), ["config.yaml:2: log: has a tag, such as !text; leave it out"]),
    (with_server('log: {"\\ud800": 1}'), ["config.yaml:2: log: has a key that is not plain text"]),
    (with_server('listen: {host: "\\ud800"}'), ["config.yaml:2: listen.host: has characters that are none"]),
    (with_server("log:\n  <<: info"), ["config.yaml:3: log.<<: takes a mapping, by *alias"]),
    # Single values
    (with_server("listen: {port: 0}"), ["config.yaml:2: listen.port: must be at least 1"]),
    (with_server("listen: {port: 65536}"), ["config.yaml:2: listen.port: must be at most 65535"]),
    (with_server("listen: {port: http}"), ["config.yaml:2: listen.port: must be a whole number"]),
    (with_server("listen: {port: 0x10}"), ["config.yaml:2: listen.port: must be a whole number"]),
    (with_server("listen: {port: true}"), ["config.yaml:2: listen.port: must be a whole number"]),
    (with_server("listen: {port: }"), ["config.yaml:2: listen.port: has no value"]),
    (with_server("listen: {port: [9753]}"), ["config.yaml:2: listen.port: must be a single value"]),
    (with_server("listen: {host: ''}"), ["config.yaml:2: listen.host: must not be empty"]),
    (with_server("listen: {host: }"), ["config.yaml:2: listen.host: has no value"]),
    (with_server("listen: {host: [a]}"), ["config.yaml:2: listen.host: must be a single value"]),
    (with_server('listen: {host: "a\\nb"}'), ["config.yaml:2: listen.host: must be one line of printable text"]),
    (with_server("listen: 9753"), ["config.yaml:2: listen: must be a mapping of keys"]),
    (with_server("log: {level: loud}"), ["config.yaml:2: log.level: must be one of debug, info, warning, error"]),
    (with_server("log: {format: }"), ["config.yaml:2: log.format: must be one of auto, console, json"]),
    (with_server("metrics: {detail: some}"), ["config.yaml:2: metrics.detail: must be one of all, aggregate"]),
    (with_server("history: {url: 'postgresql://u:secret@db'}"), ["config.yaml:2: history.url: must begin with postgresql+psycopg://"]),
    (with_server("history: {url: 'sqlite:///h.db', url_file: url}"), ["config.yaml:2: history.url_file: cannot stand beside url; keep one of them"]),
    (with_server("history: {retention: 400}"), ["config.yaml:2: history.retention: needs a unit, such as 60s"]),
    (with_server("history: {retention: 1h}"), ["config.yaml:2: history.retention: must be from 1d to 36500d"]),
    (with_server("sampling: {interval: 60}"), ["config.yaml:2: sampling.interval: needs a unit, such as 60s"]),
    (with_server("sampling: {interval: 1:30}"), ["config.yaml:2: sampling.interval: needs a unit, such as 60s"]),
    (with_server("sampling: {interval: 0x10}"), ["config.yaml:2: sampling.interval: needs a unit, such as 60s"]),
    (with_server("sampling: {interval: 0s}"), ["config.yaml:2: sampling.interval: must be from 100ms to 366d"]),
    (with_server("sampling: {interval: soon}"), ["config.yaml:2: sampling.interval: is not a duration; write it like 500ms, 60s, 1h30m or 400d"]),
    (with_server("sampling: {interval: -5s}"), ["config.yaml:2: sampling.interval: is not a duration; write it like 500ms, 60s, 1h30m or 400d"]),
    (with_server("sampling: {interval: }"), ["config.yaml:2: sampling.interval: has no value"]),
    (with_server("sampling: {connect_timeout: 200ms}"), ["config.yaml:2: sampling.connect_timeout: must be from 1s to 1d"]),
    (with_server("sampling: {lock_timeout: 0ms}"), ["config.yaml:2: sampling.lock_timeout: must be from 1ms to 1d"]),
    (with_server("sampling: {statement_timeout: 30d}"), ["config.yaml:2: sampling.statement_timeout: must be from 1ms to 1d"]),
    (with_server("sampling: {max_locks: 63}"), ["config.yaml:2: sampling.max_locks: must be at least 64"]),
    (with_server("sampling: {concurrency: 0}"), ["config.yaml:2: sampling.concurrency: must be at least 1"]),
    (with_server("sampling: {concurrency: 1.5}"), ["config.yaml:2: sampling.concurrency: must be a whole number"]),
    # Severity
    (with_server("severity: {warning: {used_ratio: 75}}"), ["config.yaml:2: severity.warning.used_ratio: must be above 0 and at most 1, such as 0.75 or 75%"]),
    (with_server("severity: {warning: {used_ratio: 0}}"), ["config.yaml:2: severity.warning.used_ratio: must be above 0 and at most 1, such as 0.75 or 75%"]),
    (with_server("severity:\n  warning: {used_ratio: 90%}\n  critical: {used_ratio: 0.9}"), [
        "config.yaml:4: severity.critical: used_ratio must be above that of warning",
    ]),
    (with_server("severity: {warning: {used_ratio: 95%}}"), ["config.yaml:2: severity.critical: used_ratio must be above that of warning"]),
    (with_server("severity: {critical: {exhausts_within: 90d}}"), ["config.yaml:2: severity.critical: exhausts_within must be below that of warning"]),
    (with_server("severity: {critical: {exhausts_within: 0d}}"), ["config.yaml:2: severity.critical.exhausts_within: must be from 1s to 36500d"]),
    (with_server("severity: {warning: {used_ratio: x}, critical: {exhausts_within: 99d}}"), ["config.yaml:2: severity.warning.used_ratio: must be above 0 and at most 1, such as 0.75 or 75%"]),
    # Servers
    (server("dsn: ''"), ["config.yaml:3: servers[0].dsn: must not be empty"]),
    (server("dsn: secret"), ["config.yaml:3: servers[0].dsn: is neither postgresql://user@host/database nor host=… user=… dbname=…"]),
    (server("dsn: mysql://u:secret@db"), ["config.yaml:3: servers[0].dsn: must begin with postgresql://"]),
    (server("dsn: postgresql+psycopg://u:secret@db"), [
        "config.yaml:3: servers[0].dsn: is an SQLAlchemy URL; remove '+psycopg' so that it begins with postgresql://",
    ]),
    (server("dsn: {host: db}"), ["config.yaml:3: servers[0].dsn: must be a single value"]),
    (server("password_file: pw"), ["config.yaml:2: servers[0]: needs one of dsn, dsn_file or dsn_env"]),
    (server("dsn:"), ["config.yaml:2: servers[0]: needs one of dsn, dsn_file or dsn_env"]),
    (server("dsn: host=db\ndsn_file: dsn\ndsn_env: DSN"), [
        "config.yaml:4: servers[0].dsn_file: cannot stand beside dsn; keep one of them",
        "config.yaml:5: servers[0].dsn_env: cannot stand beside dsn; keep one of them",
    ]),
    (server("dsn_env: $DSN"), ["config.yaml:3: servers[0].dsn_env: must be the bare name of an environment variable"]),
    (server("dsn_file: ''"), ["config.yaml:3: servers[0].dsn_file: must not be empty"]),
    (server("dsn_file: [a]"), ["config.yaml:3: servers[0].dsn_file: must be a single value"]),
    (server("dsn: host=db\ndatabse: {}"), ["config.yaml:4: servers[0].databse: unknown key; did you mean 'databases'?"]),
    ("servers: [{name: a, dsn:postgresql://u:secret@db}]", [
        "config.yaml:1: servers[0]: needs one of dsn, dsn_file or dsn_env",
        "config.yaml:1: servers[0].?: unknown key; is a space missing after a colon?",
    ]),
    (server("dsn: host=db\ndatabases: {include: app}"), ["config.yaml:4: servers[0].databases.include: must be a list, such as [a, b]"]),
    (server("dsn: host=db\ndatabases: {include: []}"), ["config.yaml:4: servers[0].databases.include: must not be empty"]),
    (server("dsn: host=db\ndatabases: [app]"), ["config.yaml:4: servers[0].databases: must be a mapping of keys"]),
    (server("dsn: host=db\nschemas:\n  exclude:\n    - a\n    - {b: c}"), [
        "config.yaml:7: servers[0].schemas.exclude[1]: must be a single value",
    ]),
    (server("dsn: host=db\nsequences: {exclude: [tmp_*]}"), [
        "config.yaml:4: servers[0].sequences.exclude[0]: is compared with schema.name; write *.name or public.name",
    ]),
    (server("dsn: host=db\nresets: {}"), ["config.yaml:4: servers[0].resets.environment: is required"]),
    ("servers:\n  - {name: a, dsn: host=db}\n  - {name: b, dsn: host=db}\n  - {name: ' a ', dsn: host=db}", [
        "config.yaml:4: servers[2].name: must be unique; servers[0] has the same",
    ]),
    # Jobs
    (with_server("jobs: [{}]"), [
        "config.yaml:2: jobs[0]: needs tables or sequences to work on",
        "config.yaml:2: jobs[0].database: is required",
        "config.yaml:2: jobs[0].kind: is required",
        "config.yaml:2: jobs[0].name: is required",
        "config.yaml:2: jobs[0].server: is required",
    ]),
    (job(""), ["config.yaml:3: jobs[0]: needs tables or sequences to work on"]),
    (job("tables: {exclude: [a.b]}"), ["config.yaml:4: jobs[0].tables.include: is required"]),
    (job("tables: {include: [users]}"), [
        "config.yaml:4: jobs[0].tables.include[0]: is compared with schema.name; write *.name or public.name",
    ]),
    (job("sequences: [users_id_seq]"), ["config.yaml:4: jobs[0].sequences[0]: is compared with schema.name; write *.name or public.name"]),
    (job("sequences: [a.b], schedule: {}"), [
        "config.yaml:4: jobs[0].schedule: needs cron or every; without a schedule the job runs only by hand",
    ]),
    (job("sequences: [a.b], schedule: {cron: '* * * * *', every: 1h}"), ["config.yaml:4: jobs[0].schedule.every: cannot stand beside cron; keep one of them"]),
    (job("sequences: [a.b], schedule: {cron: '0 24 * * *'}"), ["config.yaml:4: jobs[0].schedule.cron: hour takes 0 to 23"]),
    (job("sequences: [a.b], schedule: {cron: '0 3 * *'}"), [
        "config.yaml:4: jobs[0].schedule.cron: needs five fields (minute, hour, day of month, month, weekday), such as 0 3 * * *, and has 4",
    ]),
    (job("sequences: [a.b], schedule: {every: 6}"), ["config.yaml:4: jobs[0].schedule.every: needs a unit, such as 60s"]),
    (job("sequences: [a.b], schedule: {every: 6h, timezone: CEST}"), ["config.yaml:4: jobs[0].schedule.timezone: must be an IANA name such as Europe/Berlin, or UTC"]),
    (job("sequences: [a.b], start_deadline: 4999ms"), ["config.yaml:4: jobs[0].start_deadline: must be at least 5s, for ticks are looked for once a second"]),
    (job("sequences: [a.b], start_deadline: 367d"), ["config.yaml:4: jobs[0].start_deadline: must be at most 366d"]),
    (job("sequences: [a.b], suspended: maybe"), ["config.yaml:4: jobs[0].suspended: must be true or false"]),
    (job("sequences: [a.b], suspended: "), ["config.yaml:4: jobs[0].suspended: must be true or false"]),
    (job("sequences: [a.b], limits: {rows: -1}"), ["config.yaml:4: jobs[0].limits.rows: must be at least 0"]),
    (job("sequences: [a.b], limits: {bytes: 20G}"), ["config.yaml:4: jobs[0].limits.bytes: is not a size; write it like 20GiB, 500MB or 4096"]),
    (job("sequences: [a.b], limits: {bytes: 0}"), ["config.yaml:4: jobs[0].limits.bytes: must be at least 1"]),
    (job("sequences: [a.b], locks: {attempts: 0, timeout: 0s}"), [
        "config.yaml:4: jobs[0].locks.attempts: must be at least 1",
        "config.yaml:4: jobs[0].locks.timeout: must be from 1ms to 1d",
    ]),
    (job("sequences: [a.b], seed: users.sql"), ["config.yaml:4: jobs[0].seed: must be a list, such as [a, b]"]),
    (with_server("jobs: [{name: j, kind: resync, server: a, database: b, sequences: [c.d], seed: [e]}]"), [
        "config.yaml:2: jobs[0].seed: belongs to a reset; a resync changes no rows",
    ]),
    (with_server("jobs: [{name: j, kind: drop, server: a, database: b, sequences: [c.d]}]"), ["config.yaml:2: jobs[0].kind: must be one of reset, resync"]),
    ("servers: [{name: staging, dsn: host=db}]\njobs: [{name: j, kind: reset, server: stagin, database: b, sequences: [c.d]}]", [
        "config.yaml:2: jobs[0].server: is not the name of a server; did you mean 'staging'?",
    ]),
    ("servers: [{name: a, dsn: host=db}]\njobs: [{name: j, kind: reset, server: a, database: b, sequences: [c.d]}]", [
        "config.yaml:2: jobs[0].server: is a server that no job may touch; give it resets: {environment: …}",
    ]),
    (job("sequences: [a.b]}\n  - {name: j, kind: resync, server: a, database: b, sequences: [c.d]"), [
        "config.yaml:5: jobs[1].name: must be unique; jobs[0] has the same",
    ]),
    # Variables
    (with_server("listen:\n  port: ${NONE}"), ["config.yaml:3: listen.port: environment variable 'NONE' is not set"]),
    (server("dsn: ${NONE}"), ["config.yaml:3: servers[0].dsn: environment variable 'NONE' is not set"]),
    (server("dsn: ${NONE"), ["config.yaml:3: servers[0].dsn: has a '${' that is no ${NAME}; write $${ for the text itself"]),
    (with_server("listen:\n  port: ${SECRET}"), ["config.yaml:3: listen.port: must be a whole number"]),
    (with_server("listen:\n  ${SECRET}: 1"), ["config.yaml:3: listen.?: unknown key; known are host, port"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_line_its_path_and_what_to_do(
    text: str, expected: list[str]
) -> None:
    assert problems(text.encode(), SECRET="s3cret") == expected  # noqa: S106


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES])
def test_no_problem_repeats_a_value(text: str) -> None:
    told = "\n".join(problems(text.encode(), SECRET="secret"))  # noqa: S106

    assert "secret" not in told


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "log: {level: loud}\n"
        "sampling:\n  interval: 60\n  intervall: 60s\n"
        "servers:\n"
        "  - {name: a, dsn: host=db, databse: app}\n"
        "  - {name: a, dsn: mysql://db}\n"
        "jobs:\n"
        "  - {name: j, kind: reset, server: b, database: x}\n"
        "listen: {port: ${PORT}}\n".replace("${PORT}", "'${PORT}'")
    )

    assert problems(text.encode()) == [
        "config.yaml:1: log.level: must be one of debug, info, warning, error",
        "config.yaml:3: sampling.interval: needs a unit, such as 60s",
        "config.yaml:4: sampling.intervall: unknown key; did you mean 'interval'?",
        "config.yaml:6: servers[0].databse: unknown key; did you mean 'databases'?",
        "config.yaml:7: servers[1].dsn: must begin with postgresql://",
        "config.yaml:7: servers[1].name: must be unique; servers[0] has the same",
        "config.yaml:9: jobs[0]: needs tables or sequences to work on",
        "config.yaml:9: jobs[0].server: is not the name of a server",
        "config.yaml:10: listen.port: environment variable 'PORT' is not set",
    ]


def test_problems_can_be_taken_apart() -> None:
    with pytest.raises(ConfigError) as caught:
        loaded("log: {level: loud}\n" + SERVER)

    assert caught.value.problems == (
        Problem(1, "log.level", "must be one of debug, info, warning, error"),
    )
    assert caught.value.source == "/etc/agent/config.yaml"


def test_the_error_drags_no_values_along() -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(server("dsn: mysql://u:secret@db"))

    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_mistake_in_what_is_merged_is_told_where_it_stands() -> None:
    text = "servers:\n  - &a\n    name: a\n    dsn: host=a\n    x: 1\n  - {<<: *a, name: b}\n"

    assert problems(text.encode())[0].startswith(
        "config.yaml:5: servers[0].x: unknown key"
    )
    assert problems(text.encode())[1].startswith(
        "config.yaml:5: servers[1].x: unknown key"
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.absolute, "no such file or directory"),
        (Path.mkdir, "is a directory"),
        (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
    ],
    ids=["missing", "directory", "loop"],
)
def test_a_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "config.yaml"
    make(path)

    with pytest.raises(ConfigError) as caught:
        load(path, {})

    assert str(caught.value) == f"{path}: cannot be read: {reason}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_others_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch(mode=0o000)

    with pytest.raises(ConfigError, match="cannot be read: permission denied"):
        load(path, {})


def test_a_check_tries_the_secrets_of_a_file_without_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("servers:\n  - name: a\n    dsn_env: DSN\n    password_file: pw\n")

    with pytest.raises(ConfigError) as raised:
        check(path, {})

    assert raised.value.problems == (
        Problem(
            3,
            "servers[0].dsn_env",
            "environment variable 'DSN' is not set; start the agent with it, or use dsn_file",
        ),
        Problem(
            4,
            "servers[0].password_file",
            f"file '{tmp_path}/pw' cannot be read: no such file or directory;"
            " create it, and let the agent's user read it",
        ),
    )
    (tmp_path / "pw").write_text("secret")
    assert check(path, {"DSN": "host=db"}) == load(path, {})
