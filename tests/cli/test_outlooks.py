"""The table and the document of forecasts; no server is needed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.segment import Segments

from agent.cli.outlooks import document, summary, table
from agent.cli.paper import Paper
from agent.domain.forecasting.forecast import Forecast, State
from agent.domain.sequences import At
from agent.domain.status import DatabaseStatus, SequenceStatus
from tests.cli.remembering import DAY
from tests.domain.statuses import (
    LOCKED,
    NOON,
    USAGE,
    bounded,
    database_of,
    status_of,
    unread,
)
from tests.goldens import golden

GOLDEN = Path(__file__).parent / "golden"
PIPE = Paper(width=None, encoding="utf-8")


def told(
    name: str, state: State, *days: float | None, percents: int = 40
) -> SequenceStatus:
    p10, p50, p90 = [each and each * DAY for each in days] or [None] * 3
    outlook = Forecast(
        state=state,
        rate_per_second=0.0 if state is State.IDLE else 0.5,
        p10_seconds=p10,
        p50_seconds=p50,
        p90_seconds=p90,
    )
    usage = replace(USAGE, outlook=outlook, recent_per_second=None)
    return status_of(bounded(name), At(percents), usage=usage)


APP = database_of(
    told("a_idle", State.IDLE),
    told("b_new", State.INSUFFICIENT_DATA),
    told("c_beyond", State.BEYOND_HORIZON),
    told("d_late", State.OK, 2000.0, None, None),
    told("e_soon", State.OK, 10.0, 20.25, 40.0),
    told("f_today", State.OK, 0.1, 0.5, 1.5),
    told("g_now", State.OK, 0.0, 0.0, 1.0),
    told("h_full", State.EXHAUSTED, 0.0, 0.0, 0.0, percents=100),
    told("i_spring", State.OK, 60.0, 120.0, 900.0),
    unread(name="j_hidden"),
    unread(LOCKED, "k_busy"),
    status_of(bounded("l_unsettled"), At(1)),
)


def written(databases: list[DatabaseStatus], paper: Paper = PIPE) -> str:
    segments = table(databases, paper, NOON)
    lines = [f"{line}\n" for line in summary(databases)]
    return "".join([*(segment.text for segment in segments), *lines])


def coloured(databases: list[DatabaseStatus]) -> str:
    """What a terminal gets, its escapes made visible."""
    screen = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=120
    )
    with screen.capture() as capture:
        screen.print(Segments(table(databases, PIPE, NOON)), soft_wrap=True, end="")
    return capture.get().replace("\x1b", "␛")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forecast_pipe", written([APP])),
        ("forecast_80", written([APP], Paper(width=80, encoding="utf-8"))),
        (
            "forecast_databases",
            written([APP, replace(database_of(told("x", State.IDLE)), server="two")]),
        ),
        ("forecast_colours", coloured([APP])),
        ("forecast_json", document([APP], NOON)),
    ],
)
def test_the_answer_is_as_it_was_agreed(name: str, text: str) -> None:
    assert text == golden(GOLDEN / f"{name}.txt", text)


def test_an_empty_database_says_so() -> None:
    assert written([database_of()]) == "0 sequences in app\n"


@pytest.mark.parametrize(
    ("forecast", "measured", "said"),
    [(None, 83.9, 83.9), (None, None, None), (None, 0.0, 0.0), (2.0, 83.9, 2.0)],
)
def test_a_rate_is_null_while_it_is_not_known_and_that_of_the_metric_before_a_forecast(
    forecast: float | None, measured: float | None, said: float | None
) -> None:
    outlook = Forecast(state=State.INSUFFICIENT_DATA, rate_per_second=forecast)
    usage = replace(USAGE, outlook=outlook, per_second={"1h": measured})
    young = database_of(status_of(bounded("young"), At(40), usage=usage))

    [database] = json.loads(document([young], NOON))["databases"]

    assert database["sequences"][0]["rate_per_second"] == said
