"""What standard output and error are: pipes, terminals, full disks, odd encodings."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

from tests.cli.running import COMMAND, environment, sequence_agent
from tests.postgres_servers import Database

ODD_NAMES = """
    CREATE SEQUENCE "注文_id_seq";
    CREATE SEQUENCE "größe";
    CREATE SEQUENCE "\x1b[31mred[/]\u202e";
    CREATE SEQUENCE "[bold]markup[/bold]" MAXVALUE 100;
    SELECT setval('"[bold]markup[/bold]"', 95);
"""


def on_a_terminal(
    *arguments: str, columns: int = 100, env: Mapping[str, str] | None = None
) -> str:
    """Everything that the command writes to a terminal of its own."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(env or {}),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written = _read_all(leader)
    process.wait()
    return written.decode().replace("\r\n", "\n")


def _read_all(leader: int) -> bytes:
    """Until the last writer is gone, which Linux reports as an error."""
    written = b""
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        while True:
            try:
                written += terminal.read(65536)
            except OSError:
                return written


def seen(written: str) -> list[str]:
    """The lines as a person sees them."""
    return Text.from_ansi(written).plain.splitlines()


def test_a_terminal_gets_colours_within_its_width(database: Database) -> None:
    database.execute(ODD_NAMES)

    written = on_a_terminal("inspect", "--dsn", database.dsn, columns=100)

    table = seen(written)[:5]
    assert "\x1b[1;31mcritical\x1b[0m" in written
    assert "█" in written
    assert table[1].startswith("public.[bold]markup[/bold]")
    assert table[0].endswith("calls left  state")
    assert max(map(cell_len, table)) <= 100


def test_names_cannot_write_to_the_terminal(database: Database) -> None:
    database.execute(ODD_NAMES)

    for form in ("table", "csv", "json"):
        written = on_a_terminal("inspect", "--dsn", database.dsn, "--format", form)

        assert "\x1b[31mred" not in written
        assert "\u202e" not in written
        assert "[31mred" in written


@pytest.mark.parametrize(
    ("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "unknown")]
)
def test_colours_can_be_refused(database: Database, variable: str, value: str) -> None:
    database.execute(ODD_NAMES)

    written = on_a_terminal("inspect", "--dsn", database.dsn, env={variable: value})

    assert "critical" in written
    assert "\x1b[31m" not in written
    assert "\x1b[1;31m" not in written


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"])
def test_a_pipe_gets_plain_text_whatever_is_wished(
    database: Database, variable: str
) -> None:
    database.execute(ODD_NAMES)

    ran = sequence_agent("inspect", "--dsn", database.dsn, env={variable: "1"})

    assert "public.[bold]markup[/bold]" in ran.stdout
    assert all(line.isprintable() for line in ran.stdout.splitlines())


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("env", ENCODINGS, ids=["ascii", "latin-1", "locale C"])
@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_encoding_is_too_poor(
    database: Database, env: Mapping[str, str], form: str
) -> None:
    database.execute(ODD_NAMES)

    ran = subprocess.run(
        [*COMMAND, "inspect", "--dsn", database.dsn, "--format", form],
        env=environment(env),
        capture_output=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"gr" in ran.stdout
    assert form != "json" or "größe" in str(json.loads(ran.stdout))


def test_an_error_can_be_written_in_ascii() -> None:
    ran = sequence_agent("inspect", "--dsn", "größe", env={"PYTHONIOENCODING": "ascii"})

    assert ran.returncode == 2
    assert ran.stderr.startswith("sequence-agent: error: the DSN is neither")


MANY = "DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE SEQUENCE s%s', i); END LOOP; END $$"


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_reader_that_goes_away_is_no_trouble(
    database: Database, form: str, unbuffered: str
) -> None:
    database.execute(MANY)

    process = subprocess.Popen(
        [*COMMAND, "inspect", "--dsn", database.dsn, "--format", form],
        env=environment({"PYTHONUNBUFFERED": unbuffered}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _, errors = process.communicate()

    assert errors == b""
    assert process.returncode == 141


@pytest.mark.parametrize("arguments", [("--help",), ("config", "schema"), ("check",)])
def test_nobody_reading_at_all_is_no_trouble(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ran = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert ran.stderr == b""
    assert ran.returncode == 141


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--version",), ("config", "schema")])
def test_a_full_disk_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*COMMAND, *arguments],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert ran.stderr == b"sequence-agent: error: no space left on device\n"
    assert ran.returncode == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_trouble(closed: str) -> None:
    command = f'exec "$0" -m agent config schema {closed}'

    ran = subprocess.run(
        ["sh", "-c", command, sys.executable],
        env=environment(),
        capture_output=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_ctrl_c_is_quiet_and_quick_while_a_server_is_silent(*, terminal: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        dsn = f"postgresql://agent@{address}/app?connect_timeout=50"
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "inspect", "--dsn", dsn],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=follower if terminal else subprocess.PIPE,
        )
        os.close(follower)
        caller, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=25)
        caller.close()

    assert process.returncode == 130
    assert output == b""
    assert not errors
    assert b"Traceback" not in _read_all(leader)


def test_progress_is_for_terminals_and_long_work() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        dsn = f"postgresql://agent@{address}/app?connect_timeout=3"

        written = on_a_terminal("inspect", "--dsn", dsn)

    assert "reading databases" in written
    # The bar is wiped away before the error is written.
    assert seen(written)[-1].startswith("sequence-agent: error: 127.0.0.1:")
