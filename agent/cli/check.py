"""`sequence-agent check`: one line and an exit code for Nagios-like monitors."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Annotated

import typer

from agent.cli import streams
from agent.cli.failures import UsageError
from agent.cli.looking import AllDatabasesOption, ConfigOption, DsnOption, look_at
from agent.config.durations import format_duration, parse_duration
from agent.domain.filters import NameFilter
from agent.domain.pace import Thresholds
from agent.domain.verdict import verdict

EXAMPLES = """\
Examples:

\b
  sequence-agent check --dsn postgresql://agent@db.staging/app
  sequence-agent check --config config.yaml --warning 60% --critical 80%
  sequence-agent check --config config.yaml --critical-within 30d \\
    --exclude 'icinga.*'
"""


def check(
    *,
    dsn: DsnOption = None,
    config: ConfigOption = None,
    all_databases: AllDatabasesOption = False,
    warning: Annotated[
        str | None,
        typer.Option(
            metavar="PERCENT",
            help="WARNING from this much used: 75%, 75 or 0.75; by default 75%, or what "
            "the configuration says.",
        ),
    ] = None,
    critical: Annotated[
        str | None,
        typer.Option(
            metavar="PERCENT",
            help="CRITICAL from this much used; by default 90%, or what the "
            "configuration says.",
        ),
    ] = None,
    warning_within: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="WARNING where it may run out within this time; by default 90d, or what "
            "the configuration says. How fast a sequence goes is known from the history "
            "of a configuration only.",
        ),
    ] = None,
    critical_within: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="CRITICAL where it may run out within this time; by default 14d, or "
            "what the configuration says.",
        ),
    ] = None,
    sequence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Count only sequences whose schema.name or name matches, such as "
            "'public.*'. May be given several times.",
            show_default=False,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Do not count sequences whose schema.name or name matches. May be "
            "given several times.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Print one status line with performance data.

    Exits with 0 for OK, 1 for WARNING, 2 for CRITICAL and 3 for UNKNOWN. What cannot be
    read is UNKNOWN, never OK. The worst wins: CRITICAL, UNKNOWN, WARNING, OK. Findings
    that the configuration acknowledges are not counted.
    """
    look = look_at(dsn, config, all_databases=all_databases)
    thresholds = _thresholds(
        look.thresholds,
        ratios=(warning, critical),
        spans=(warning_within, critical_within),
    )
    sight = look.take(thresholds)
    answer = verdict(
        sight.databases,
        thresholds=thresholds,
        counted_names=NameFilter(
            include=tuple(sequence or ("*",)), exclude=tuple(exclude or ())
        ),
        gaps=sight.gaps,
    )
    streams.write(f"{answer}\n")
    return answer.level


_Two = tuple[str | None, str | None]


def _thresholds(given: Thresholds, *, ratios: _Two, spans: _Two) -> Thresholds:
    """Those that are given, by others where there are any, warning before critical."""
    warning, critical = ratios
    sooner, soonest = spans
    thresholds = Thresholds(
        warning_used_ratio=given.warning_used_ratio
        if warning is None
        else ratio(warning, option="--warning"),
        critical_used_ratio=given.critical_used_ratio
        if critical is None
        else ratio(critical, option="--critical"),
        warning_exhausts_within=given.warning_exhausts_within
        if sooner is None
        else within(sooner, option="--warning-within"),
        critical_exhausts_within=given.critical_exhausts_within
        if soonest is None
        else within(soonest, option="--critical-within"),
    )
    _refuse_contradictions(thresholds)
    return thresholds


def _refuse_contradictions(thresholds: Thresholds) -> None:
    if thresholds.warning_used_ratio >= thresholds.critical_used_ratio:
        raise UsageError(
            f"--warning ({thresholds.warning_used_ratio * 100:g}%) must be below"
            f" --critical ({thresholds.critical_used_ratio * 100:g}%)"
        )
    if thresholds.warning_exhausts_within <= thresholds.critical_exhausts_within:
        raise UsageError(
            f"--warning-within ({format_duration(thresholds.warning_exhausts_within)})"
            " must be longer than --critical-within"
            f" ({format_duration(thresholds.critical_exhausts_within)})"
        )


def within(text: str, *, option: str) -> timedelta:
    """A time as people write it, such as 90d."""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None
    if duration <= timedelta():
        raise UsageError(f"{option} must be longer than nothing, not {text!r}")
    return duration


def ratio(text: str, *, option: str) -> float:
    """A share as people write it: with a percent sign, or, from above 1 on, without.

    >>> [ratio(text, option="--warning") for text in ("75%", "0.75", "75", "1")]
    [0.75, 0.75, 0.75, 1.0]
    """
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) *(%?)", text.strip())
    if match is None:
        raise UsageError(f"{option} must be a percentage such as 75%, not {text!r}")
    number = Fraction(match[1])
    share = number / 100 if match[2] or number > 1 else number
    if not 0 < share <= 1:
        raise UsageError(f"{option} must be above 0% and at most 100%, not {text!r}")
    return float(share)
