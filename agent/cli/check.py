"""`sequence-agent check`: one line and an exit code for Nagios-like monitors."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Annotated

import typer

from agent.cli import streams
from agent.cli.failures import UsageError
from agent.cli.looking import AllDatabasesOption, ConfigOption, DsnOption, look_at
from agent.domain.pace import Thresholds
from agent.domain.verdict import verdict

EXAMPLES = """\
Examples:

\b
  sequence-agent check --dsn postgresql://agent@db.staging/app
  sequence-agent check --config config.yaml --warning 60% --critical 80%
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
) -> int:
    """Print one status line with performance data.

    Exits with 0 for OK, 1 for WARNING, 2 for CRITICAL and 3 for UNKNOWN. What cannot be
    read is UNKNOWN, never OK. The worst wins: CRITICAL, UNKNOWN, WARNING, OK.
    """
    look = look_at(dsn, config, all_databases=all_databases)
    thresholds = _thresholds(look.thresholds, warning, critical)
    answer = verdict(replace(look, thresholds=thresholds).take(), thresholds=thresholds)
    streams.write(f"{answer}\n")
    return answer.level


def _thresholds(
    given: Thresholds, warning: str | None, critical: str | None
) -> Thresholds:
    thresholds = Thresholds(
        warning_used_ratio=given.warning_used_ratio
        if warning is None
        else ratio(warning, option="--warning"),
        critical_used_ratio=given.critical_used_ratio
        if critical is None
        else ratio(critical, option="--critical"),
    )
    if thresholds.warning_used_ratio >= thresholds.critical_used_ratio:
        raise UsageError(
            f"--warning ({thresholds.warning_used_ratio * 100:g}%) must be below"
            f" --critical ({thresholds.critical_used_ratio * 100:g}%)"
        )
    return thresholds


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
