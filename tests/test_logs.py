from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from agent.secret import Secret

# What it writes, and to which of the streams, is seen from outside only.
PROGRAM = """
import logging, sys, threading
from pathlib import Path
import structlog
from agent import logs
from agent.secret import Secret

logs.configure(level="info", format_=sys.argv[1])
log = structlog.get_logger()


class Odd:
    def __repr__(self):
        return "Odd(password=CANARY) \\x1b[2J"


def fail():
    local = "CANARY"
    raise ValueError(f"\\x1b]0;owned\\x07 password={local}\\nforged line")


log.info(
    "seen \\x1b[31m",
    name="\\u00fcn\\u00efcode \\u202e",
    nested={"\\x1b": ["\\x9b", ("postgresql://u:CANARY@db", 2**63)]},
    odd=Odd(),
    path=Path("/tmp"),
    secret=Secret("CANARY"),
)
logging.getLogger("other").warning("of a library: %s", "\\x1b[31m password=CANARY")
try:
    fail()
except ValueError:
    log.exception("failed")
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
"""


def logged(format_: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", dedent(PROGRAM), format_],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stdout == ""
    return ran.stderr.splitlines()


@pytest.mark.parametrize("format_", ["console", "json"])
def test_nothing_that_is_logged_has_secrets_or_makes_a_terminal_do_anything(
    format_: str,
) -> None:
    lines = logged(format_)

    assert not [line for line in lines if "CANARY" in line]
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if "ünïcode" in line]
    assert [line for line in lines if "thread_failed" in line]


def test_json_keeps_numbers_and_names_exactly() -> None:
    events = [json.loads(line) for line in logged("json")]

    assert [event["event"] for event in events] == [
        "seen \x1b[31m",
        "of a library: \x1b[31m password=***",
        "failed",
        "thread_failed",
    ]
    assert events[0]["name"] == "ünïcode \u202e"
    assert events[0]["nested"] == {"\x1b": ["\x9b", ["postgresql://u:***@db", 2**63]]}
    assert events[0]["secret"] == str(Secret("CANARY"))
    assert "locals" not in events[2]["exception"][0]["frames"][0]


def test_a_message_of_two_lines_does_not_begin_an_event_on_the_console() -> None:
    begun = [line for line in logged("console") if "[error" in line]

    assert len(begun) == 2
