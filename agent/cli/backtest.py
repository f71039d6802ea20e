"""`sequence-agent backtest`: how forecasts came out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent import config as configuration
from agent.cli import streams
from agent.cli.failures import ExitCode, UsageError
from agent.cli.interrupting import leaving_at_once
from agent.cli.progress import progress
from agent.cli.scores import EXPLANATION, Score, entry, minute, scores, table, utc
from agent.cli.trace import read_trace
from agent.clock import SystemClock
from agent.domain.consumption.hindsight import (
    LEAST_DAYS,
    hourly_calls,
    origins,
    outcomes,
)
from agent.domain.forecasting.increments import consumption
from agent.domain.forecasting.scoring import Prediction
from agent.domain.quantities import span
from agent.domain.wording import counted

if TYPE_CHECKING:
    from agent.bootstrap.forecasting import Foretold

EXAMPLES = """\
Examples:

\b
  sequence-agent backtest --config config.yaml
  sequence-agent backtest --trace ids.csv
  sequence-agent backtest --trace ids.csv --format json
"""

# Any will do, as long as the same trace is always answered alike.
_SEED = 1


class Format(StrEnum):
    """How to write the scores."""

    TABLE = "table"
    JSON = "json"


def backtest(
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Score what the agent of this configuration has predicted. Only its"
            " history is read.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV with rows of a time and the value of a counter at that time:"
            " predict each of its days from what came before, and score that.",
        ),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="In json, null is not known yet.")
    ] = Format.TABLE,
) -> int:
    """Say how forecasts came out.

    What was predicted for the next 1, 3, 7, 14 and 28 days is held against the calls
    that came. Of the intervals from p10 to p90, 80% should hold what came.
    """
    if config is not None and trace is not None:
        raise UsageError("--config and --trace exclude each other; give one of them")
    as_json = output_format is Format.JSON
    if config is not None:
        return _score_history(config, as_json=as_json)
    if trace is not None:
        return _score_trace(trace, as_json=as_json)
    raise UsageError("either --config or --trace is needed")


def _score_history(path: Path, *, as_json: bool) -> ExitCode:
    # The history takes as long to load as all the rest together.
    from agent.bootstrap.forecasting import Annals  # noqa: PLC0415 - slow to load

    annals = Annals(configuration.load(path, os.environ))
    found = list(annals.databases())
    now = SystemClock().now()
    scored = [
        scores(each.predictions, place=_place(each, found), now=now) for each in found
    ]
    if as_json:
        databases = [
            {
                "server": each.server,
                "datname": each.datname,
                "horizons": [entry(score) for score in some],
            }
            for each, some in zip(found, scored, strict=True)
        ]
        _write_json({"generated_at": utc(now), "databases": databases})
        return ExitCode.DONE
    rows = [score for some in scored for score in some if _known(score)]
    if any(row.card.n for row in rows):
        _write_table(rows)
    for line in _remarks(rows, annals.place):
        streams.write(streams.paper().writable(line) + "\n")
    return ExitCode.DONE


def _place(database: Foretold, among: Sequence[Foretold]) -> str:
    several = len({other.server for other in among}) > 1
    return f"{database.server}/{database.datname}" if several else database.datname


def _known(score: Score) -> bool:
    awaited = score.awaited
    return bool(score.card.n or (awaited and (awaited.waiting or awaited.overdue)))


def _remarks(rows: Sequence[Score], place: str) -> Iterator[str]:
    """What the table does not say; it is not there while nothing is scored."""
    awaited = [row.awaited for row in rows if row.awaited]
    waiting = sum(each.waiting for each in awaited)
    overdue = sum(each.overdue for each in awaited)
    due = min((each.next_due_at for each in awaited if each.next_due_at), default=None)
    if not rows:
        yield f"nothing is predicted yet in the history at {place!r}"
        yield "the agent predicts once a day, from two days of history on"
        return
    if not any(row.card.n for row in rows):
        yield "nothing is scored yet"
    if due is not None:
        yield f"{counted(waiting, 'prediction')} waiting, the next due {minute(due)} UTC"
    if overdue:
        yield (
            f"{counted(overdue, 'prediction')} overdue: the agent does not run, or their"
            " sequences are gone"
        )


def _score_trace(path: Path, *, as_json: bool) -> ExitCode:
    rows = scores(_predictions(path))
    if as_json:
        _write_json({"horizons": [entry(row) for row in rows]})
    elif any(row.card.n for row in rows):
        _write_table(rows)
    else:
        streams.write("nothing is scored, for nothing moves in this trace\n")
    return ExitCode.DONE


def _predictions(path: Path) -> list[Prediction]:
    consumed = consumption(read_trace(path).positions)
    hourly = hourly_calls(consumed)
    asked = origins(len(hourly))
    if not asked:
        raise UsageError(
            f"{path}: covers {span(3600 * len(hourly))}; a backtest needs"
            f" {LEAST_DAYS} days: two to learn from, one to hold against it"
        )
    made: list[Prediction] = []
    with leaving_at_once(), progress("predicting days") as show:
        for done, origin in enumerate(asked, start=1):
            made += outcomes(consumed, hourly, origin, seed=_SEED)
            show(done, len(asked))
    return made


def _write_table(rows: Sequence[Score]) -> None:
    streams.write_styled(table(rows, streams.paper()))
    streams.write(f"\n{EXPLANATION}")


def _write_json(document: object) -> None:
    streams.write(json.dumps(document, indent=2) + "\n")
