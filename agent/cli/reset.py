"""`sequence-agent reset`: run a job now, through the same gates as by its schedule."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from signal import Signals
from typing import Annotated, TextIO
from uuid import uuid4

import typer

from agent import logs
from agent.bootstrap.resets import JobTarget
from agent.cli import streams
from agent.cli.chosen import ConfigOption, JobArgument, chosen
from agent.cli.failures import ExitCode, UsageError
from agent.cli.interrupting import leaving_at_once, stopping_in_order
from agent.cli.outcome import account, announcement, complaints, document
from agent.cli.planned import planned
from agent.cli.progress import progress, stages
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import Done, Failed, Outcome, Refused, Skipped, Tick
from agent.secret import without_secrets

EXAMPLES = """\
Examples:

\b
  sequence-agent reset nightly-reset --config config.yaml
  sequence-agent reset nightly-reset --config config.yaml --yes
  sequence-agent reset nightly-reset --config config.yaml --plan sha256:3f...
"""

_BY_HAND = "hand"


class Format(StrEnum):
    """How to write what became of it."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """A run that has ended, and the signal that ended it early, if one came."""

    outcome: Outcome
    seconds: float
    signal: Signals | None


def reset(
    *,
    job: JobArgument,
    config_file: ConfigOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    plan_hash: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="HASH",
            help="Do not ask, and do what the plan with this hash says or nothing.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to write what became of it.")
    ] = Format.TEXT,
) -> int:
    """Run a job now: empty its tables, restart its sequences.

    All of it happens or nothing, and never anything but what was shown. Without --yes
    and --plan it asks for the name of the database. Exits with 3 when a gate refuses,
    and with 1 when it failed or another run was at work; Ctrl-C undoes what was begun.
    """
    asks = not yes and plan_hash is None
    if yes and plan_hash is not None:
        raise UsageError("--yes and --plan exclude each other; give one of them")
    if asks:
        _refuse_where_nobody_can_answer(output_format)
    stopping = threading.Event()
    found = chosen(job, config_file, stopping=stopping)
    with leaving_at_once(), progress("looking at the database"):
        made = found.plan()
    if output_format is Format.TEXT:
        _show(made)
    if asks and not _confirmed(made):
        return ExitCode.REFUSED
    ran = _run(found, plan_hash or made.hash, stopping)
    _tell(ran, made, output_format)
    return _exit_code(ran)


def _refuse_where_nobody_can_answer(output_format: Format) -> None:
    if output_format is Format.JSON:
        raise UsageError("--format json asks nothing: add --yes or --plan HASH")
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise UsageError(
            "there is no terminal to ask on: add --yes, or --plan with the hash that"
            " 'sequence-agent plan' prints"
        )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _show(made: Plan) -> None:
    """All of the plan to whoever sits there, a line or two to a file."""
    paper = streams.paper()
    if paper.width is None:
        streams.write_styled(announcement(made, paper))
    else:
        streams.write_styled(planned(made, paper, run_it=None))
        streams.write("\n")
    sys.stdout.flush()


def _confirmed(made: Plan) -> bool:
    """Whether somebody typed the database's name; a plan that is refused is not asked."""
    if not made.allowed:
        return False
    with leaving_at_once():
        sys.stderr.write("to run it, type the name of the database: ")
        sys.stderr.flush()
        answer = sys.stdin.buffer.readline().decode(errors="replace")
    if answer.strip() == made.catalog.server.datname.strip():
        return True
    streams.complain("that is not its name; nothing was changed")
    return False


def _run(found: JobTarget, expected_hash: str, stopping: threading.Event) -> _Ran:
    # The outcome says it all, and better.
    logs.configure(level="critical", format_="auto")
    work = found.work(expected_hash)
    clock = found.endpoint.clock
    begun = clock.monotonic()
    tick = Tick(
        job=found.job.name, trigger=f"{_BY_HAND}:{uuid4()}", scheduled_for=clock.now()
    )
    with (
        stopping_in_order(stopping) as came,
        stages("connecting") as told,
        # Apart from the thread that signals interrupt: both set or wait for `stopping`.
        ThreadPoolExecutor(max_workers=1) as thread,
    ):
        resetter = found.resetter(stopping=stopping, told=told)
        outcome = thread.submit(resetter.run, tick, work).result()
        return _Ran(outcome=outcome, seconds=clock.monotonic() - begun, signal=came())


def _tell(ran: _Ran, made: Plan, output_format: Format) -> None:
    if output_format is Format.JSON:
        told = document(ran.outcome, made.job, seconds=ran.seconds)
        streams.write(json.dumps(told, indent=2) + "\n")
    elif isinstance(ran.outcome, Done):
        paper = streams.paper()
        streams.write_styled(account(ran.outcome, paper, seconds=ran.seconds))
    sys.stdout.flush()
    stopped_by = ran.signal.name if ran.signal else None
    for sentence in complaints(ran.outcome, stopped_by=stopped_by):
        streams.complain(without_secrets(sentence))


def _exit_code(ran: _Ran) -> int:
    """What is done is done, even when somebody wanted to stop it by then."""
    match ran.outcome:
        case Done():
            return ExitCode.DONE
        case Refused():
            return ExitCode.REFUSED
        case Failed() | Skipped() if ran.signal is not None:
            return 128 + ran.signal
        case _:
            return ExitCode.FAILED
