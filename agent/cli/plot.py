"""Draws history and forecast of a counter, fit to be put into a ticket."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from agent.cli.failures import UsageError
from agent.cli.outlook import Outlook
from agent.domain.forecasting.forecast import (
    HORIZON,
    Forecast,
    History,
    State,
    forecast,
)
from agent.domain.forecasting.shapes import Floats
from agent.domain.quantities import compact, span
from agent.domain.wording import printable
from agent.errors import AgentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _FAINT, _PAST, _BAND, _LIMIT = (
    "#1f2933",
    "#8895a3",
    "#334e68",
    "#e8833a",
    "#c62828",
)
_STEPS = 24
_KINDS = ("png", "svg", "pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """When so many calls will have been used: seconds from now, early, likely, late."""

    used: Floats
    early: Floats
    likely: Floats
    late: Floats


def refuse_unknown_kind(path: Path) -> None:
    """Raise UsageError for a file that cannot become a picture."""
    if path.suffix.lower().lstrip(".") not in _KINDS:
        raise UsageError(f"--plot must end in .png, .svg or .pdf: {str(path)!r}")


def draw(outlook: Outlook, path: Path, *, seed: int, title: str) -> None:
    """Write the picture; raises AgentError."""
    figure = _figure()
    axes = figure.add_subplot()
    _decorate(axes)
    _draw_past(axes, outlook)
    if outlook.forecast.state is State.OK:
        _draw_band(axes, outlook, _band(outlook, seed=seed))
    _draw_limit(axes, outlook)
    _write_heading(figure, outlook, printable(title))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a letter that no font has becomes a box
            figure.savefig(path, dpi=150, facecolor="white")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AgentError(f"{path}: cannot be written: {reason}") from None


def _figure() -> Figure:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise AgentError(
            "--plot needs matplotlib; install it with pip install 'pg-sequence-agent[plot]'"
        ) from None
    figure = Figure(figsize=(10, 5.2))
    figure.subplots_adjust(left=0.085, right=0.96, top=0.77, bottom=0.1)
    return figure


def _band(outlook: Outlook, *, seed: int) -> Band:
    """The simulated passages of ever more calls, up to all that are left."""
    used = np.linspace(0, outlook.remaining, _STEPS + 1)
    passages = [
        forecast(outlook.history, round(each), seed=seed, stretch=outlook.stretch)
        for each in used[1:-1]
    ]
    passages.append(outlook.forecast)
    return Band(
        used=used,
        early=_seconds(passages, "p10_seconds"),
        likely=_seconds(passages, "p50_seconds"),
        late=_seconds(passages, "p90_seconds"),
    )


def _seconds(passages: list[Forecast], name: str) -> Floats:
    longest = HORIZON.total_seconds()
    told = (getattr(passage, name) for passage in passages)
    known = [0.0, *(longest if each is None else each for each in told)]
    return np.maximum.accumulate(np.array(known))


def _decorate(axes: Axes) -> None:
    dates = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.yaxis.set_major_formatter(lambda y, _: _signed(round(y)))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(colors=_FAINT, labelsize=9, length=0, pad=6)
    axes.grid(axis="y", color=_FAINT, alpha=0.18, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_title(
        "calls, counted from now", loc="left", fontsize=9, color=_FAINT, pad=10
    )


def _signed(calls: int) -> str:
    return f"+{compact(calls)}" if calls > 0 else compact(calls)


def _days(at: datetime) -> float:
    """The place of a time on matplotlib's axis."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def _draw_past(axes: Axes, outlook: Outlook) -> None:
    times, used = _past(outlook.history)
    now = _days(outlook.now)
    axes.plot(times, used, color=_PAST, linewidth=2, solid_capstyle="round")
    axes.plot([now], [0], "o", color=_PAST, markersize=5)
    axes.annotate("now", (now, 0), (7, -12), textcoords="offset points", color=_PAST)


def _past(history: History) -> tuple[Floats, Floats]:
    """Times, and the calls used by then, below zero up to now."""
    daily, hourly = np.nan_to_num(history.daily), np.nan_to_num(history.hourly)
    start = _days(history.start)
    days = start - np.arange(len(daily), 0, -1)
    times = np.concatenate([days, start + np.arange(len(hourly) + 1) / 24])
    calls = np.concatenate([daily, hourly])
    used = np.concatenate([[0.0], np.cumsum(calls)]) - calls.sum()
    return np.asarray(times, np.float64), np.asarray(used, np.float64)


def _draw_band(axes: Axes, outlook: Outlook, band: Band) -> None:
    now = _days(outlook.now)
    early, likely, late = (
        now + seconds / 86_400 for seconds in (band.early, band.likely, band.late)
    )
    axes.fill_betweenx(band.used, early, late, color=_BAND, alpha=0.22, linewidth=0)
    axes.plot(likely, band.used, color=_BAND, linewidth=2, linestyle=(0, (4, 2)))
    ends = {
        "10 %": float(early[-1]),
        "50 %": float(likely[-1]),
        "90 %": float(late[-1]),
    }
    known = {share: at for share, at in ends.items() if at < now + HORIZON.days}
    for share, at in known.items():
        _mark(axes, at, float(band.used[-1]), share, bold=share == "50 %")
    _look_at(axes, outlook, ahead=(max(known.values()) - now) * 1.12)


def _mark(axes: Axes, at: float, used: float, share: str, *, bold: bool) -> None:
    axes.plot([at], [used], "o", color=_BAND, markersize=7 if bold else 5, zorder=5)
    axes.axvline(at, color=_BAND, alpha=0.6 if bold else 0.25, linewidth=0.8)
    axes.annotate(
        share,
        (at, 0.015),
        (4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=_BAND,
        fontsize=9,
        weight="bold" if bold else "normal",
    )


def _look_at(axes: Axes, outlook: Outlook, *, ahead: float) -> None:
    """As many days of the past as of the future, if there are so many."""
    times, used = _past(outlook.history)
    now = _days(outlook.now)
    behind = min(now - float(times[0]), ahead)
    axes.set_xlim(now - behind * 1.03, now + ahead)
    lowest = -float(np.interp(now - behind, times, used))
    room = 0.08 * (lowest + outlook.remaining)
    axes.set_ylim(-lowest - room, outlook.remaining + room)


def _draw_limit(axes: Axes, outlook: Outlook) -> None:
    if not _shows_limit(outlook):
        return
    axes.axhline(outlook.remaining, color=_LIMIT, linewidth=1.4)
    axes.annotate(
        f"limit: {compact(outlook.remaining)} more calls",
        (0, outlook.remaining),
        (5, 6),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        color=_LIMIT,
        fontsize=9.5,
    )


def _shows_limit(outlook: Outlook) -> bool:
    """A limit that is ten years away would press the past into a line."""
    return outlook.forecast.state in {State.OK, State.EXHAUSTED}


def _write_heading(figure: Figure, outlook: Outlook, title: str) -> None:
    figure.text(
        0.03,
        0.925,
        _headline(outlook, title),
        fontsize=15,
        weight="bold",
        color=_INK,
        parse_math=False,
    )
    figure.text(0.03, 0.87, _subline(outlook), fontsize=10, color=_FAINT)


def _headline(outlook: Outlook, title: str) -> str:
    answer = outlook.forecast
    if answer.state is not State.OK:
        return f"{title} {_VERDICTS[answer.state]}"
    if answer.p50_seconds is None:
        return f"{title} may run out within ten years"
    return f"{title} runs out around {_day(outlook, answer.p50_seconds)}"


_VERDICTS = {
    State.IDLE: "does not move",
    State.INSUFFICIENT_DATA: "has too short a history to say when it runs out",
    State.BEYOND_HORIZON: "does not run out within ten years",
    State.EXHAUSTED: "has run out",
}


def _day(outlook: Outlook, seconds: float | None) -> str:
    if seconds is None:
        return "later than in ten years"
    at = outlook.now + timedelta(seconds=seconds)
    return f"{at:%-d %B %Y}" if seconds > 2 * 86_400 else f"{at:%-d %B %Y %H:%M} UTC"


def _subline(outlook: Outlook) -> str:
    answer = outlook.forecast
    past = span((outlook.now - outlook.since).total_seconds())
    seen = f"seen {past} up to {outlook.now:%-d %B %Y}"
    if answer.state is not State.OK:
        return seen
    early, late = (
        _day(outlook, each) for each in (answer.p10_seconds, answer.p90_seconds)
    )
    return f"8 of 10 times between {early} and {late}; {seen}"
