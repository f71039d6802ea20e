"""How good the forecast is on real counts: python -m tests.forecast.backtest [DIR].

Rolling origins: at some moment of a series the method sees what came before it, and is
asked when as many calls will be used up as truly were in the next so many days.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from agent.domain.forecasting.forecast import History, forecast
from agent.domain.forecasting.shapes import DAY, Floats
from tests.forecast.rivals import LONGEST, RIVALS, SHORTEST

HORIZONS = (1, 3, 7, 14, 28, 90)
ORIGINS = 48
SEED = 20260
LEAST_DAYS = 14
OURS = "**sequence-agent**"
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- forecast:begin -->", "<!-- forecast:end -->"

Answers = Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question: after `origin` hours of a series, for so many days ahead."""

    series: str
    hourly: Floats
    origin: int
    days: int

    @property
    def remaining(self) -> float:
        return float(self.hourly[self.origin : self.origin + self.days * DAY].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What each method answered: early, likely and late, in days."""

    series: str
    days: int
    answers: Answers


def read_counts(path: Path) -> Floats:
    """Counts per hour of a file of `timestamp,count`, whatever its intervals."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted((_seconds(row[0]), float(row[1])) for row in _rows(file))
    begins, counts = np.array(rows, np.float64).T
    edges = np.append(begins, begins[-1] + np.median(np.diff(begins)))
    total = np.concatenate([[0.0], np.cumsum(counts)])
    hours = np.arange(np.ceil(edges[0] / 3600), edges[-1] // 3600 + 1) * 3600
    return np.diff(np.interp(hours, edges, total))


def _rows(file: Iterator[str]) -> Iterator[list[str]]:
    return (row for row in csv.reader(file) if row and row[0][:1].isdigit())


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def cases(series: str, hourly: Floats, number: int) -> Iterator[Case]:
    """One origin at random in each of as many equal parts of the series."""
    for days in HORIZONS:
        first, last = LEAST_DAYS * DAY, len(hourly) - days * DAY
        if last - first < 3 * DAY:
            continue
        random = np.random.default_rng([SEED, number, days])
        edges = np.linspace(first, last, ORIGINS + 1).astype(int)
        for low, high in pairwise(edges.tolist()):
            origin = int(random.integers(low, high))
            case = Case(series=series, hourly=hourly, origin=origin, days=days)
            if case.remaining > 0:
                yield case


def score(case: Case) -> Score:
    seen = case.hourly[: case.origin]
    points = {name: rival(seen, case.remaining) for name, rival in RIVALS.items()}
    answers = {name: (point, point, point) for name, point in points.items()}
    within = {
        name: _limited(answer)
        for name, answer in {OURS: _ours(seen, case.remaining), **answers}.items()
    }
    return Score(series=case.series, days=case.days, answers=within)


def _ours(seen: Floats, remaining: float) -> tuple[float, float, float]:
    history = History(start=datetime(2026, 1, 1, tzinfo=UTC), hourly=seen)
    answer = forecast(history, round(remaining), seed=SEED)
    early, likely, late = (
        LONGEST if seconds is None else seconds / 86_400
        for seconds in (answer.p10_seconds, answer.p50_seconds, answer.p90_seconds)
    )
    return early, likely, late


def _limited(answer: tuple[float, float, float]) -> tuple[float, float, float]:
    early, likely, late = (min(max(days, SHORTEST), LONGEST) for days in answer)
    return early, likely, late


Measure = Callable[[Floats, int], float]
"""From a row per case with the three answers, and the days that were true."""


def _errors(answers: Floats, days: int) -> Floats:
    return np.abs(np.log(answers[:, 1] / days))


def _pinball(answers: Floats, days: int) -> float:
    """Mean over the three quantiles, of the logarithm of the time."""
    over = np.log(days) - np.log(answers)
    shares = np.array([0.1, 0.5, 0.9])
    return float(np.mean(np.maximum(shares * over, (shares - 1) * over)))


def _coverage(answers: Floats, days: int) -> float:
    return float(np.mean((answers[:, 0] <= days) & (days <= answers[:, 2])))


MEASURES: Mapping[str, Measure] = {
    "median error": lambda a, days: float(np.median(_errors(a, days))),
    "p90 of the error": lambda a, days: float(np.quantile(_errors(a, days), 0.9)),
    "more than 25 % late": lambda a, days: float(np.mean(a[:, 1] > 1.25 * days)),
    "pinball loss": _pinball,
}


def report(scores: Sequence[Score]) -> str:
    """The figures as Markdown."""
    parts = [_introduction(scores)]
    parts += [_table(title, scores, measure) for title, measure in MEASURES.items()]
    parts.append(_coverages(scores))
    return "\n\n".join(parts)


def _introduction(scores: Sequence[Score]) -> str:
    series = len({score.series for score in scores})
    return (
        f"{len(scores)} forecasts on {series} series, up to {ORIGINS} origins for each"
        f" series and horizon, seed {SEED}. The error is |ln(predicted ÷ true)| of the"
        " time to exhaustion: 0.1 is 10 % off, 0.7 a factor of two. Written by"
        " `make bench-forecast`."
    )


def _head(first: str) -> str:
    titles = " | ".join(f"{days} d" for days in HORIZONS)
    return f"| {first} | {titles} |\n|---|{'---|' * len(HORIZONS)}"


def _answers(scores: Sequence[Score], method: str, days: int) -> Floats:
    return np.array([s.answers[method] for s in scores if s.days == days], np.float64)


def _table(title: str, scores: Sequence[Score], measure: Measure) -> str:
    methods = (OURS, *RIVALS)
    lines = (_line(method, scores, method, measure, ".3f") for method in methods)
    return "\n".join([_head(title), *lines])


def _line(
    title: str, scores: Sequence[Score], method: str, measure: Measure, style: str
) -> str:
    """A row of the table; empty where a series is too short for the horizon."""
    cells = []
    for days in HORIZONS:
        answers = _answers(scores, method, days)
        cells.append(format(measure(answers, days), style) if len(answers) else "")
    return f"| {title} | {' | '.join(cells)} |"


def _coverages(scores: Sequence[Score]) -> str:
    by_series: dict[str, list[Score]] = defaultdict(list)
    for each in scores:
        by_series[each.series].append(each)
    lines = [_head("true time within p10 to p90 (80 % is right)")]
    for name, some in {"**all**": list(scores), **by_series}.items():
        lines.append(_line(name, some, OURS, _coverage, ".0%"))
    return "\n".join(lines)


def write(text: str, page: Path) -> None:
    """Put the figures between the marks, which are made where they are missing."""
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    if BEGIN not in before:
        before += f"\n## Forecast\n\n{BEGIN}\n{END}\n"
    marked = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    after = marked.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", before)
    page.write_text(after, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0] if arguments else "../shared/traces")
    files = sorted(folder.glob("*.csv"))
    if not files:
        sys.stderr.write(f"{folder}: has no CSV files\n")
        return 2
    asked = [
        case
        for number, file in enumerate(files)
        for case in cases(file.stem, read_counts(file), number)
    ]
    with ProcessPoolExecutor(max_workers=2) as pool:
        scores = list(pool.map(score, asked, chunksize=16))
    text = report(scores)
    write(text, PAGE)
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
