"""`sequence-agent forecast`: when a counter runs out, from its own past."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import streams
from agent.cli.failures import ExitCode
from agent.cli.outlook import Outlook, lines
from agent.cli.plot import draw
from agent.cli.trace import Trace, read_trace
from agent.domain.forecast import Forecast, History
from agent.domain.forecast import forecast as forecast_of
from agent.domain.increments import consumption

EXAMPLES = """\
Examples:

\b
  sequence-agent forecast --trace ids.csv --remaining 107374182
  sequence-agent forecast --trace ids.csv --remaining 5000000 --format json
  sequence-agent forecast --trace ids.csv --remaining 5000000 --plot ids.png
"""

# Any will do, as long as the same trace is always answered alike.
SEED = 1


class Format(StrEnum):
    """How to write the answer."""

    TABLE = "table"
    JSON = "json"


def forecast(
    *,
    trace: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="CSV with rows of a time and the value of a counter at that time."
            " ISO 8601, UTC where no zone is given, or seconds since 1970.",
        ),
    ],
    remaining: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many calls are left.")
    ],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it too, as PNG, SVG or PDF."),
    ] = None,
    output_format: Annotated[
        Format,
        typer.Option("--format", help="In json, null is later than ten years."),
    ] = Format.TABLE,
) -> int:
    """Say when a counter runs out: early, likely and late.

    Counts from the last time in the trace. Of ten such forecasts, one should run out
    before the early date and one after the late one. A value that falls is a restart, a
    jump out of all proportion uses up calls and is no rate.
    """
    outlook = _outlook(read_trace(trace), remaining)
    if plot is not None:
        draw(outlook, plot, seed=SEED, title=trace.stem)
    if output_format is Format.JSON:
        streams.write(_json(outlook.forecast, remaining))
    else:
        paper = streams.paper()
        for line in lines(outlook, blocks=paper.blocks):
            streams.write(paper.writable(line) + "\n")
    return ExitCode.DONE


def _outlook(trace: Trace, remaining: int) -> Outlook:
    consumed = consumption(trace.positions)
    history = History(start=consumed.start, hourly=consumed.hourly)
    return Outlook(
        trace=trace,
        consumed=consumed,
        history=history,
        remaining=remaining,
        forecast=forecast_of(history, remaining, seed=SEED),
    )


def _json(answer: Forecast, remaining: int) -> str:
    facts = asdict(answer)
    ordered = {"state": facts.pop("state"), "remaining_values": remaining, **facts}
    return json.dumps(ordered, indent=2) + "\n"
