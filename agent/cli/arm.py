"""`sequence-agent arm` and `disarm`: an administrator says what may be reset."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agent.bootstrap.dsns import usable_dsn
from agent.cli import streams
from agent.cli.failures import ExitCode, UsageError
from agent.cli.interrupting import leaving_at_once
from agent.clock import SystemClock
from agent.config.durations import format_duration, parse_duration
from agent.domain.pace import Deadlines
from agent.postgres import arming
from agent.postgres.administering import ArmingRefusedError
from agent.postgres.arming import Armed, Disarmed, Order
from agent.postgres.connect import Endpoint
from agent.secret import without_secrets

EXAMPLES = """\
Examples:

\b
  sequence-agent arm --dsn postgresql://postgres@db.staging/app \\
      --environment staging --for 30d --grant sequence_agent_reset
"""
DISARM_EXAMPLES = """\
Examples:

\b
  sequence-agent disarm --dsn postgresql://postgres@db.staging/app
"""

_LONGEST = timedelta(days=400)
# A reset takes seconds; who disarms would rather be told than wait for a long one.
_DEADLINES = Deadlines(lock=timedelta(seconds=3))

AdminDsnOption = Annotated[
    str,
    typer.Option(
        "--dsn",
        metavar="ADMIN_DSN",
        help="The database, as an administrator: a superuser or the database's owner,"
        " never the role that the agent connects as.",
    ),
]


def arm(
    *,
    dsn: AdminDsnOption,
    environment: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What it is, such as staging; the same as resets.environment of its"
            " server in the configuration.",
        ),
    ],
    duration: Annotated[
        str,
        typer.Option(
            "--for", metavar="DURATION", help="Such as 12h or 30d, at most 400d."
        ),
    ],
    grant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            help="Let this role, as which the agent connects, keep the ledger there and"
            " read the marker. May be given several times.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Let jobs reset a database, for a while.

    Creates the schema sequence_agent in it and writes its marker: what environment it is,
    which database exactly, and until when. Doing it again writes the marker anew and
    keeps what was granted. Exits with 3 when something says that this is production, on
    a standby, and for a role that could write the marker itself.
    """
    order = Order(
        environment=_one_line(environment),
        duration=_duration(duration),
        grant_to=tuple(_role(role) for role in grant or ()),
        os_user=_os_user(),
    )
    endpoint = _endpoint(dsn)
    try:
        with leaving_at_once():
            armed = arming.arm(endpoint, order)
    except ArmingRefusedError as refusal:
        return _refused(refusal)
    _write(_account(armed, order.duration))
    return ExitCode.DONE


def disarm(*, dsn: AdminDsnOption) -> int:
    """Let no job reset a database any more, from now on.

    Ends what arm began; the ledger and what was granted stay. Waits for a running reset,
    but not for long.
    """
    endpoint = _endpoint(dsn)
    try:
        with leaving_at_once():
            disarmed = arming.disarm(endpoint)
    except ArmingRefusedError as refusal:
        return _refused(refusal)
    _write([_farewell(disarmed)])
    return ExitCode.DONE


def _endpoint(dsn: str) -> Endpoint:
    usable = usable_dsn(dsn)
    return Endpoint(conninfo=lambda: usable, clock=SystemClock(), deadlines=_DEADLINES)


def _one_line(environment: str) -> str:
    name = environment.strip()
    if not name or not name.isprintable():
        raise UsageError("--environment must be a name of one line, such as staging")
    return name


def _duration(text: str) -> timedelta:
    try:
        parsed = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for {error}, not {text!r}") from None
    if not timedelta(0) < parsed <= _LONGEST:
        longest = format_duration(_LONGEST)
        raise UsageError(f"--for must be from 1ms to {longest}, not {text!r}")
    return parsed


def _role(name: str) -> str:
    # What a shell hands over in another encoding arrives as a lone surrogate.
    if not name or any(0xD800 <= ord(c) <= 0xDFFF for c in name):
        raise UsageError(f"--grant is not the name of a role: {name!r}")
    return name


def _os_user() -> str | None:
    """Who runs this, as far as the machine knows; a container may know nobody."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return None
    return name if name.isprintable() else None


def _refused(refusal: ArmingRefusedError) -> int:
    streams.complain(without_secrets(str(refusal)))
    return ExitCode.REFUSED


def _account(armed: Armed, duration: timedelta) -> Iterator[str]:
    marker = armed.marker
    made = "created" if armed.made else "kept"
    granted = ", ".join(armed.grantees) or "nobody yet"
    until = f"{_moment(marker.armed_until)}, in {format_duration(duration)}"
    yield f"armed database {marker.database_name}"
    yield f"  environment  {marker.environment}"
    yield f"  until        {until}"
    yield f"  by           {marker.armed_by}"
    yield f"  schema       sequence_agent, {made}, owned by {armed.owner}"
    yield f"  granted to   {granted}"
    yield f"next: {_next_step(armed)}"


def _next_step(armed: Armed) -> str:
    if not armed.grantees:
        return "arm again with --grant ROLE, the role that the agent connects as"
    return (
        "run what 'sequence-agent grants --for resets' prints for the role, and set"
        f" resets.environment of the server to {armed.marker.environment!r}"
    )


def _farewell(disarmed: Disarmed) -> str:
    database, marker = disarmed.database, disarmed.marker
    if marker is None:
        return f"database {database} was not armed: nothing to do"
    until = _moment(marker.armed_until)
    if not disarmed.was_armed:
        return f"database {database} was not armed any more: that ended {until}"
    return (
        f"disarmed database {database}, environment {marker.environment}, which was armed"
        f" until {until}; its ledger and what was granted are kept"
    )


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _write(lines: Iterable[str]) -> None:
    paper = streams.paper()
    for line in lines:
        streams.write(paper.writable(line) + "\n")
