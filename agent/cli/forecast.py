"""`sequence-agent forecast`: when sequences run out, from their own past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from agent.cli import streams
from agent.cli.configured import ConfiguredForecast, answer_configured
from agent.cli.failures import ExitCode, UsageError
from agent.cli.outlook import Outlook, lines
from agent.cli.plot import draw, refuse_unknown_kind
from agent.cli.trace import Trace, read_trace
from agent.domain.forecasting.forecast import Forecast, History
from agent.domain.forecasting.forecast import forecast as forecast_of
from agent.domain.forecasting.increments import Consumption, consumption
from agent.domain.wording import counted

EXAMPLES = """\
Examples:

\b
  sequence-agent forecast --config config.yaml
  sequence-agent forecast --config config.yaml --sequence 'public.*'
  sequence-agent forecast --config config.yaml --sequence orders_id_seq \\
    --plot orders.png
  sequence-agent forecast --trace ids.csv --remaining 107374182 --format json
"""

# Any will do, as long as the same trace is always answered alike.
SEED = 1


class Format(StrEnum):
    """How to write the answer."""

    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedForecast:
    """A question about a counter whose past is in a file."""

    trace: Path
    remaining: int


Question = ConfiguredForecast | TracedForecast


def forecast(
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Look at the sequences of this configuration, and at what its agent has"
            " stored of them.",
        ),
    ] = None,
    sequence: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Only those whose schema.name or name matches, such as 'public.*'.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead, CSV with rows of a time and the value of a counter at that"
            " time. ISO 8601, UTC where no zone is given, or seconds since 1970.",
        ),
    ] = None,
    remaining: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="How many calls that counter has left."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw it too, as PNG, SVG or PDF; one sequence only."
        ),
    ] = None,
    output_format: Annotated[
        Format,
        typer.Option("--format", help="In json, null is later than ten years."),
    ] = Format.TABLE,
) -> int:
    """Say when sequences run out: early, likely and late.

    Of ten such forecasts, one should run out before the early date and one after the
    late one. With a configuration they count from now, the soonest come first, and what
    the agent has stored is only read; exits with 4 when some databases could not be
    read, and with 1 when none could. With a trace they count from its last time; a value
    that falls is a restart, a jump out of all proportion uses up calls and is no rate.
    """
    question = _question(config, sequence, trace, remaining)
    if plot is not None:
        refuse_unknown_kind(plot)
    as_json = output_format is Format.JSON
    match question:
        case ConfiguredForecast():
            return answer_configured(question, plot=plot, as_json=as_json)
        case TracedForecast():
            return _answer_traced(question, plot=plot, as_json=as_json)
        case _ as never:
            assert_never(never)


def _question(
    config: Path | None, pattern: str | None, trace: Path | None, remaining: int | None
) -> Question:
    """What the options ask for; raises UsageError where they do not go together."""
    if config is not None:
        if trace is not None:
            raise UsageError(
                "--config and --trace exclude each other; give one of them"
            )
        if remaining is not None:
            raise UsageError(
                "--remaining goes with --trace; what sequences have left is read"
            )
        return ConfiguredForecast(config=config, pattern=pattern)
    if pattern is not None:
        raise UsageError("--sequence goes with --config")
    if trace is None:
        raise UsageError(
            "either --config or --trace is needed"
            if remaining is None
            else "--remaining goes with --trace, which is missing"
        )
    if remaining is None:
        raise UsageError("--trace needs --remaining: how many calls are left")
    return TracedForecast(trace=trace, remaining=remaining)


def _answer_traced(
    question: TracedForecast, *, plot: Path | None, as_json: bool
) -> ExitCode:
    outlook = _outlook(read_trace(question.trace), question.remaining)
    if plot is not None:
        draw(outlook, plot, seed=SEED, title=question.trace.stem)
    if as_json:
        streams.write(_json(outlook.forecast, question.remaining))
    else:
        paper = streams.paper()
        for line in lines(outlook, blocks=paper.blocks):
            streams.write(paper.writable(line) + "\n")
    return ExitCode.DONE


def _outlook(trace: Trace, remaining: int) -> Outlook:
    consumed = consumption(trace.positions)
    history = History(start=consumed.start, hourly=consumed.hourly)
    return Outlook(
        since=trace.positions[0].at,
        now=trace.positions[-1].at,
        history=history,
        remaining=remaining,
        forecast=forecast_of(history, remaining, seed=SEED),
        facts=tuple(_facts(trace, consumed)),
    )


def _facts(trace: Trace, consumed: Consumption) -> Iterator[str]:
    yield counted(trace.rows, "row")
    if consumed.resets:
        yield counted(consumed.resets, "restart")
    if consumed.events:
        yield f"{counted(len(consumed.events), 'jump')} left out"


def _json(answer: Forecast, remaining: int) -> str:
    facts = asdict(answer)
    ordered = {"state": facts.pop("state"), "remaining_values": remaining, **facts}
    return json.dumps(ordered, indent=2) + "\n"
