"""How predictions came out: a table of scorecards, and the same for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from rich.segment import Segment

from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.cli.table import QUIET
from agent.domain.forecasting.scoring import Prediction, Scorecard, scorecards

EXPLANATION = (
    "n: outcomes that count; coverage: within p10 to p90, 80% is right\n"
    "error: |ln(came / predicted)|, 0.1 is 10% off, 0.7 a factor of two\n"
    "stretch: how many times as wide the intervals had to be\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Predictions of which it is not known yet how they came out.

    Of those that are `overdue` it may never be: the agent does not run, or their
    sequences are gone.
    """

    waiting: int
    next_due_at: datetime | None
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One horizon of one database, or of a trace, where nothing is awaited."""

    place: str
    days: int
    card: Scorecard
    awaited: Awaited | None = None


def scores(
    predictions: Sequence[Prediction], *, place: str = "", now: datetime | None = None
) -> list[Score]:
    """For each horizon; with `now`, also what is still awaited."""
    return [
        Score(
            place=place,
            days=days,
            card=card,
            awaited=None if now is None else _awaited(predictions, days, now),
        )
        for days, card in scorecards(predictions).items()
    ]


def _awaited(predictions: Iterable[Prediction], days: int, now: datetime) -> Awaited:
    due = [p.due_at for p in predictions if p.horizon == days and p.actual is None]
    ahead = [at for at in due if at > now]
    return Awaited(
        waiting=len(ahead),
        next_due_at=min(ahead, default=None),
        overdue=len(due) - len(ahead),
    )


def entry(score: Score) -> Mapping[str, object]:
    """In plain values."""
    awaited = score.awaited
    facts = {"days": score.days, **asdict(score.card)}
    if awaited is None:
        return facts
    due = awaited.next_due_at
    return {
        **facts,
        "waiting": awaited.waiting,
        "overdue": awaited.overdue,
        "next_due_at": due and utc(due),
    }


def utc(moment: datetime) -> str:
    in_utc = moment.astimezone(UTC).isoformat(timespec="seconds")
    return in_utc.replace("+00:00", "Z")


def minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def table(rows: Sequence[Score], paper: Paper) -> Iterator[Segment]:
    fields = [
        field
        for field in _FIELDS
        if (field.cell is not _place or any(row.place for row in rows))
        and (field.cell not in _AWAITED or any(row.awaited for row in rows))
    ]
    return aligned(
        [field.column for field in fields],
        [[field.cell(row, paper) for field in fields] for row in rows],
        width=paper.width,
        ellipsis=paper.ellipsis,
    )


def _place(score: Score, paper: Paper) -> Cell:
    return cell(paper.writable(score.place))


def _horizon(score: Score, _: Paper) -> Cell:
    return cell("1 day" if score.days == 1 else f"{score.days} days")


def _n(score: Score, _: Paper) -> Cell:
    return cell(str(score.card.n))


def _coverage(score: Score, _: Paper) -> Cell:
    return _known(score.card.coverage, ".0%")


def _median_error(score: Score, _: Paper) -> Cell:
    return _known(score.card.median_error, ".2f")


def _p90_error(score: Score, _: Paper) -> Cell:
    return _known(score.card.p90_error, ".2f")


def _known(number: float | None, form: str) -> Cell:
    return cell("-", QUIET) if number is None else cell(format(number, form))


def _stretch(score: Score, _: Paper) -> Cell:
    return cell(f"{score.card.stretch:.2f}")


def _waiting(score: Score, _: Paper) -> Cell:
    return cell(str(score.awaited.waiting) if score.awaited else "")


def _next_due(score: Score, _: Paper) -> Cell:
    due = score.awaited.next_due_at if score.awaited else None
    return cell("-", QUIET) if due is None else cell(minute(due))


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, and how a score fills it."""

    column: Column
    cell: Callable[[Score, Paper], Cell]


_FIELDS = (
    _Field(Column(title="database", shortened=True), _place),
    _Field(Column(title="horizon", align=Align.RIGHT), _horizon),
    _Field(Column(title="n", align=Align.RIGHT), _n),
    _Field(Column(title="coverage", align=Align.RIGHT), _coverage),
    _Field(Column(title="median error", align=Align.RIGHT), _median_error),
    _Field(Column(title="p90 error", align=Align.RIGHT), _p90_error),
    _Field(Column(title="stretch", align=Align.RIGHT), _stretch),
    _Field(Column(title="waiting", align=Align.RIGHT, dispensable=2), _waiting),
    _Field(Column(title="next due (UTC)", dispensable=1), _next_due),
)
_AWAITED = (_waiting, _next_due)
