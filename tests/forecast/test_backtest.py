from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.domain.forecasting.shapes import DAY
from tests.forecast.backtest import (
    BEGIN,
    END,
    HORIZONS,
    ORIGINS,
    OURS,
    cases,
    read_counts,
    report,
    score,
    write,
)
from tests.forecast.rivals import RIVALS

STEADY = np.full(60 * DAY, 100.0)


def test_every_horizon_that_fits_is_asked_at_many_origins() -> None:
    asked = list(cases("steady", STEADY, 0))

    assert {case.days for case in asked} == set(HORIZONS) - {90}
    assert len(asked) == 5 * ORIGINS >= 5 * 30
    assert all(case.remaining == 2400 * case.days for case in asked)


@pytest.mark.parametrize("name", [OURS, *RIVALS])
def test_all_methods_know_what_is_steady(name: str) -> None:
    case = next(case for case in cases("steady", STEADY, 0) if case.days == 7)

    early, likely, late = score(case).answers[name]

    assert likely == pytest.approx(7, rel=0.05)
    assert early <= likely <= late


def test_counts_of_any_interval_become_counts_per_hour(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(
        "timestamp,count\n"
        + "".join(f"2026-01-0{day}T00:00:00,240\n" for day in range(1, 4))
    )

    assert read_counts(file).tolist() == [10] * 72


def test_the_figures_are_put_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\nbefore\n")
    text = report([score(case) for case in list(cases("steady", STEADY, 0))[::20]])

    write("old", page)
    write(text, page)

    written = page.read_text()
    assert written.startswith("# Benchmarks\n\nbefore\n")
    assert written.count(BEGIN) == written.count(END) == 1
    assert "old" not in written
    assert f"| {OURS} |" in written
