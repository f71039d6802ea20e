"""`forecast --config`: one look at all sequences, in front of what is stored of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent import config
from agent.cli import streams, unread
from agent.cli.failures import ExitCode, UsageError
from agent.cli.interrupting import leaving_at_once
from agent.cli.outlook import Outlook
from agent.cli.outlooks import document, summary, table, words
from agent.cli.plot import draw
from agent.cli.progress import progress
from agent.clock import SystemClock
from agent.domain.filters import NameFilter
from agent.domain.forecasting.scoring import stretch_of
from agent.domain.status import DatabaseStatus, SequenceStatus
from agent.errors import AgentError

if TYPE_CHECKING:
    from agent.bootstrap.forecasting import Lookout

_NAMED = 3
_SEED = 1

_Found = tuple[DatabaseStatus, SequenceStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredForecast:
    """A question about the sequences of a configuration, all or some of them."""

    config: Path
    pattern: str | None


def answer_configured(
    question: ConfiguredForecast, *, plot: Path | None, as_json: bool
) -> ExitCode:
    # The history takes as long to load as all the rest together.
    from agent.bootstrap.forecasting import Lookout  # noqa: PLC0415 - slow to load

    lookout = Lookout(config.load(question.config, os.environ), os.environ)
    databases = _look(lookout)
    code = unread.exit_code(databases)
    asked = _matching(databases, question.pattern)
    if plot is not None and code is not ExitCode.FAILED:
        _draw(lookout, asked, plot)
    if as_json:
        streams.write(document(asked, SystemClock().now()))
    elif code is not ExitCode.FAILED:
        _write_table(asked)
    sys.stdout.flush()
    _remark(lookout, asked)
    unread.complain(databases)
    return code


def _look(lookout: Lookout) -> tuple[DatabaseStatus, ...]:
    with leaving_at_once(), progress("reading databases") as show:
        return lookout.look(show)


def _matching(
    databases: Sequence[DatabaseStatus], pattern: str | None
) -> tuple[DatabaseStatus, ...]:
    """The databases with the sequences that were asked for; raises UsageError."""
    if pattern is None:
        return tuple(databases)
    names = NameFilter(include=(pattern,))
    asked = tuple(
        replace(
            database,
            sequences=tuple(
                status
                for status in database.sequences
                if names.admits(status.sequence.qualified, status.sequence.name)
            ),
        )
        for database in databases
    )
    if not any(database.error or database.sequences for database in asked):
        raise UsageError(f"--sequence {pattern!r} matches none of the sequences")
    return asked


def _draw(lookout: Lookout, databases: Sequence[DatabaseStatus], path: Path) -> None:
    database, status = _only_one(databases)
    name, usage, capacity = status.sequence.qualified, status.usage, status.capacity
    track = lookout.track(database, status.sequence)
    if track is None or capacity is None or usage is None or usage.outlook is None:
        raise AgentError(f"cannot draw {name!r}: it is {words(status)}")
    outlook = Outlook(
        since=track.buckets.since,
        now=database.sampled_at,
        history=track.history(database.sampled_at),
        remaining=capacity.remaining,
        forecast=usage.outlook,
        stretch=stretch_of(database.scorecards),
    )
    draw(outlook, path, seed=_SEED, title=name)


def _only_one(databases: Sequence[DatabaseStatus]) -> _Found:
    found = list(_found(databases))
    if len(found) == 1:
        return found[0]
    names = _named([status.sequence.qualified for _, status in found])
    told = f"here are {len(found)}: {names}" if found else "here is none"
    raise UsageError(f"--plot draws one sequence, and {told}; name one with --sequence")


def _found(databases: Sequence[DatabaseStatus]) -> Iterator[_Found]:
    return ((each, status) for each in databases for status in each.sequences)


def _write_table(databases: Sequence[DatabaseStatus]) -> None:
    paper = streams.paper()
    readable = [database for database in databases if database.up]
    streams.write_styled(table(readable, paper, SystemClock().now()))
    for line in summary(readable):
        streams.write(paper.writable(line) + "\n")


def _remark(lookout: Lookout, databases: Sequence[DatabaseStatus]) -> None:
    """Say of which databases nothing is stored: of them little can be told."""
    new = [
        f"{database.server}/{database.datname}"
        for database in databases
        if database.sequences and not lookout.remembers(database)
    ]
    if new:
        streams.write_error(
            f"sequence-agent: the history at {lookout.place!r} has nothing of"
            f" {_named(new)} yet; `sequence-agent run` fills it"
        )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
