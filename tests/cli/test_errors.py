"""Mistakes that users make: each costs one sentence, and never a traceback."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import sequence_agent
from tests.postgres_servers import Database, role_name

SECRET = "s3cret"  # noqa: S105 - must never be seen in an output
ANYWHERE = "postgresql://agent@db/app"
PREFIX = "sequence-agent: error: "


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Arguments with {places} in them, and what is said about them."""

    arguments: tuple[str, ...]
    code: int
    says: str
    sentences: int = 1


def dsn(text: str, says: str, code: int = 1) -> Mistake:
    return Mistake(arguments=("inspect", "--dsn", text), code=code, says=says)


def usage(arguments: str, says: str) -> Mistake:
    return Mistake(arguments=tuple(arguments.split()), code=2, says=says)


def file(name: str, says: str, sentences: int = 1) -> Mistake:
    arguments = ("inspect", "--config", f"{{files}}/{name}")
    return Mistake(arguments=arguments, code=2, says=says, sentences=sentences)


U = f"postgresql://agent:{SECRET}@"

MISTAKES: Mapping[str, Mistake] = {
    # A DSN that cannot be one.
    "another database": dsn(f"mysql://u:{SECRET}@db/app", "must begin with", 2),
    "an SQLAlchemy URL": dsn(
        f"postgresql+psycopg://u:{SECRET}@db/app", "is an SQLAlchemy URL; remove", 2
    ),
    "a web address": dsn("https://db.example/app", "must begin with postgresql://", 2),
    "an empty DSN": dsn("", "must not be empty", 2),
    "a blank DSN": dsn("   ", "must not be empty", 2),
    "a bare name": dsn("app", "is neither postgresql://user@host/database nor", 2),
    "an unknown parameter": dsn(f"{U}db/app?pasword=x", "is not a connection str", 2),
    "an unknown keyword": dsn("host=db colour=red", "is not a connection string", 2),
    "an open quote": dsn(f"host=db password='{SECRET}", "not a connection string", 2),
    "a broken percent escape": dsn(
        f"postgresql://agent:{SECRET}%zz@db/app", "is not a connection string", 2
    ),
    "a password with an @": dsn(
        f"postgresql://agent:p@{SECRET}@127.0.0.1/app", "write %40 for '@'", 2
    ),
    "a password with a slash": dsn(
        f"postgresql://agent:p/{SECRET}@127.0.0.1/app", "%2F for '/'", 2
    ),
    "the second DSN": Mistake(
        arguments=("inspect", "--dsn", ANYWHERE, "--dsn", f"bad://u:{SECRET}@db"),
        code=2,
        says="DSN 2 must begin with postgresql://",
    ),
    # A DSN that leads nowhere.
    "a port that is a word": dsn(f"{U}127.0.0.1:port/app", "its port is no number", 2),
    "a port beyond all": dsn(f"{U}127.0.0.1:99999/app", "its port is no number", 2),
    "an unknown host": dsn(f"{U}no-such-host.invalid/app", "failed to resolve host"),
    "a closed port": dsn(f"{U}127.0.0.1:{{closed}}/app", "Connection refused"),
    "a web server": dsn(f"{U}127.0.0.1:{{web}}/app", "received invalid response"),
    "a server that hangs up": dsn(
        f"{U}127.0.0.1:{{hangs_up}}/app", "server closed the connection unexpectedly"
    ),
    "a server that never answers": dsn(
        f"{U}127.0.0.1:{{silent}}/app?connect_timeout=2", "timeout expired"
    ),
    "no socket there": dsn("host={files} dbname=app", "No such file or directory"),
    "an unknown sslmode": dsn(f"{U}127.0.0.1/app?sslmode=maybe", 'sslmode value: "may'),
    "a timeout in words": dsn(f"{U}127.0.0.1/app?connect_timeout=soon", "'soon'"),
    "an unknown service": dsn("service=nobody", 'service "nobody" not found'),
    "an unknown service file": dsn(
        "service=nobody passfile={files}/none", 'service "nobody" not found'
    ),
    "a missing certificate": dsn(
        f"{U}127.0.0.1:{{closed}}/app?sslmode=verify-full&sslrootcert={{files}}/none",
        "127.0.0.1:{closed}/app: cannot connect to 'app'",
    ),
    # Arguments.
    "no command": usage("", "missing command (see sequence-agent --help)"),
    "an unknown command": usage("explode", "no such command 'explode'"),
    "a misspelt command": usage("inpsect", "did you mean 'inspect'?"),
    "a command that is not there": usage("drop", "no such command 'drop'"),
    "a DSN for a command": usage(f"{U}db/app", "no such command 'postgresql://agent:*"),
    "an unknown option": usage("inspect --colour", "no such option: --colour"),
    "a misspelt option": usage(f"inspect --dns {ANYWHERE}", "did you mean --dsn?"),
    "an option without its value": usage("inspect --dsn", "requires an argument"),
    "a DSN without its option": usage(f"inspect {U}db/app", "(postgresql://agent:***@"),
    "a DSN torn by blanks": usage(
        f"inspect --dsn host=db password={SECRET}", "argument(s) (password=***"
    ),
    "an unknown format": usage(
        f"inspect --dsn {ANYWHERE} --format yaml",
        "'--format': 'yaml' is not one of 'table', 'json', 'csv'",
    ),
    "nowhere to look": usage("inspect", "either --dsn or --config is needed"),
    "two places to look": usage(
        f"inspect --dsn {ANYWHERE} --config x.yaml", "--dsn and --config exclude each"
    ),
    "all databases of a file": usage(
        "inspect --config x.yaml --all-databases", "--all-databases goes with --dsn"
    ),
    "no role": usage("grants", "missing option '--role'"),
    "an unknown purpose": usage("grants --role x --for fun", "'fun' is not one of"),
    "an empty role": Mistake(
        arguments=("grants", "--role", ""), code=2, says="is not the name of a role: ''"
    ),
    "a port out of range": usage("demo --port 70000", "must be less than or equal to"),
    "a port in words": usage("demo --port web", "must be a valid integer"),
    "a duration without unit": usage("demo --duration 5", "needs a unit, such as 60s"),
    "a duration in words": usage("demo --duration soon", "is not a duration; write"),
    "no duration at all": usage("demo --duration 0s", "longer than nothing"),
    "no configuration": usage("run", "missing option '--config'"),
    "a group alone": usage("config", "missing command (see sequence-agent config"),
    "a misspelt subcommand": usage("config chekc x", "did you mean 'check'"),
    "no file to check": usage("config check", "missing argument 'FILE'"),
    # Files.
    "a missing file": file("none.yaml", "none.yaml: cannot be read: no such file"),
    "a folder": file("", "cannot be read: is a directory"),
    "a file as a folder": file("empty.yaml/x", "cannot be read: not a directory"),
    "a link to itself": file("loop.yaml", "too many levels of symbolic links"),
    "an empty file": file("empty.yaml", "is empty; the least is a list of servers"),
    "broken YAML": file("broken.yaml", "is never closed"),
    "bytes that are no text": file("binary.yaml", "binary.yaml"),
    "an unknown key": file("unknown.yaml", "unknown.yaml:3: servers[0].databse"),
    "an unset variable": file("variable.yaml", "NO_SUCH_VARIABLE"),
    "several problems at once": file("several.yaml", "several.yaml:", 3),
    "the daemon's missing file": usage("run --config {files}/none", "cannot be read"),
}

FILES: Mapping[str, bytes] = {
    "empty.yaml": b"",
    "broken.yaml": b"servers:\n  - name: [\n",
    "binary.yaml": b"\xff\xfe\x00servers",
    "unknown.yaml": f"servers:\n  - name: a\n    databse: x\n    dsn: {U}db/app\n".encode(),
    "variable.yaml": b"servers:\n  - name: a\n    dsn: ${NO_SUCH_VARIABLE}\n",
    "several.yaml": f"listen: {{port: 0}}\nlog: {{level: loud}}\nservers:\n"
    f"  - {{name: a, dsn: 'mysql://u:{SECRET}@db'}}\n".encode(),
}


@contextmanager
def answering(reply: bytes | None) -> Iterator[int]:
    """A port where every caller gets the reply and is hung up on; None: silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, reply), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, reply: bytes | None) -> None:
    silent = []
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            break
        if reply is None:
            silent.append(caller)
            continue
        caller.recv(1024)
        caller.sendall(reply)
        caller.close()
    for caller in silent:
        caller.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    files = tmp_path_factory.mktemp("files")
    for name, content in FILES.items():
        (files / name).write_bytes(content)
    (files / "loop.yaml").symlink_to("loop.yaml")
    with socket.create_server(("127.0.0.1", 0)) as once:
        closed = once.getsockname()[1]
    with (
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as web,
        answering(b"") as hangs_up,
        answering(None) as silent,
    ):
        yield {
            "files": files,
            "closed": closed,
            "web": web,
            "hangs_up": hangs_up,
            "silent": silent,
        }


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_costs_one_sentence(
    mistake: Mistake, places: dict[str, object]
) -> None:
    arguments = [argument.format_map(places) for argument in mistake.arguments]

    ran = sequence_agent(*arguments)

    told = ran.stderr.splitlines()
    assert ran.returncode == mistake.code, ran.stderr
    assert ran.stdout == ""
    assert len(told) == mistake.sentences
    assert all(line.startswith(PREFIX) and line.isprintable() for line in told)
    assert mistake.says.format_map(places) in told[0]
    assert "Traceback" not in ran.stderr
    assert SECRET not in ran.stderr


TO_MONITORS = (
    "an empty DSN",
    "a password with an @",
    "a closed port",
    "a server that never answers",
    "a misspelt option",
    "a DSN without its option",
    "nowhere to look",
    "two places to look",
    "a missing file",
    "several problems at once",
)


@pytest.mark.parametrize("name", TO_MONITORS)
def test_a_monitor_gets_the_same_as_one_unknown_status(
    name: str, places: dict[str, object]
) -> None:
    mistake = MISTAKES[name]
    arguments = [argument.format_map(places) for argument in mistake.arguments]

    ran = sequence_agent("check", *arguments[1:])

    [line] = ran.stdout.splitlines()
    assert ran.returncode == 3
    assert ran.stderr == ""
    assert line.startswith("SEQUENCES UNKNOWN - ")
    assert line.isprintable()
    assert mistake.says.format_map(places).replace("inspect", "check") in line
    assert SECRET not in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--warning", "ninety"), "--warning must be a percentage such as 75%, not 'n"),
        (("--warning", "95%"), "--warning (95%) must be below --critical (90%)"),
    ],
)
def test_wrong_thresholds_are_unknown_to_a_monitor(
    arguments: tuple[str, ...], says: str
) -> None:
    ran = sequence_agent("check", "--dsn", ANYWHERE, *arguments)

    [line] = ran.stdout.splitlines()
    assert ran.returncode == 3
    assert ran.stderr == ""
    assert line.startswith("SEQUENCES UNKNOWN - ")
    assert says in line


def one_sentence(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    ran = sequence_agent(*arguments, env=env or {})

    [line] = ran.stderr.splitlines()
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert line.startswith(PREFIX)
    assert "Traceback" not in line
    return line


def test_a_wrong_password_is_not_repeated(database: Database) -> None:
    role = role_name(database.role("reader"))
    port = database.server.port

    line = one_sentence(
        "inspect", "--dsn", f"postgresql://{role}:{SECRET}@127.0.0.1:{port}/app"
    )

    assert f'password authentication failed for user "{role}"' in line
    assert SECRET not in line


def test_a_wrong_password_of_the_environment_is_not_repeated(
    database: Database,
) -> None:
    role = role_name(database.role("reader"))
    address = f"127.0.0.1:{database.server.port}"

    line = one_sentence(
        "inspect",
        "--dsn",
        f"postgresql://{role}@{address}/{database.name}",
        env={"PGPASSWORD": SECRET},
    )

    assert "password authentication failed" in line
    assert SECRET not in line


def test_a_role_that_does_not_exist_is_named(database: Database) -> None:
    line = one_sentence(
        "inspect",
        "--dsn",
        f"postgresql://nobody:{SECRET}@127.0.0.1:{database.server.port}/app",
    )

    assert '"nobody"' in line
    assert SECRET not in line


def test_a_database_that_does_not_exist_is_named(database: Database) -> None:
    line = one_sentence("inspect", "--dsn", database.server.dsn("no_such_database"))

    assert 'database "no_such_database" does not exist' in line


def test_a_server_without_tls_refuses_who_insists_on_it(database: Database) -> None:
    line = one_sentence("inspect", "--dsn", f"{database.dsn}?sslmode=require")

    assert "server does not support SSL, but SSL was required" in line


def test_a_role_that_may_not_connect_is_told(database: Database) -> None:
    reader = database.role("reader")
    database.execute(f'REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC')

    line = one_sentence("inspect", "--dsn", reader)

    assert f'permission denied for database "{database.name}"' in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.touch(mode=0)

    ran = sequence_agent("config", "check", str(file))

    assert ran.returncode == 2
    assert ran.stderr == f"{file}: cannot be read: permission denied\n"


def test_a_bug_is_one_sentence_and_shows_its_place_only_when_asked(
    tmp_path: Path,
) -> None:
    breaking = "import agent.domain.grants as g\ndef grants(role): return 1 / 0\n"
    (tmp_path / "sitecustomize.py").write_text(f"{breaking}g.grants = grants\n")
    broken = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}

    quiet = sequence_agent("grants", "--role", "x", env=broken)
    debug = sequence_agent(
        "grants", "--role", "x", env=broken | {"SEQUENCE_AGENT_DEBUG": "1"}
    )

    assert quiet.stderr == (
        f"{PREFIX}ZeroDivisionError: division by zero"
        " (this is a bug; SEQUENCE_AGENT_DEBUG=1 shows where it comes from)\n"
    )
    assert quiet.returncode == debug.returncode == 1
    assert debug.stderr.startswith("Traceback (most recent call last):")
