"""The alerts as a table for docs/alerts.md: `python -m dashboards.listing`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from dashboards.rules import Alert, load_alerts

_HEAD = (
    "| alert | severity | after | goes on for | thresholds |\n|---|---|---|---|---|\n"
)


def table(alerts: Iterable[Alert]) -> str:
    return _HEAD + "".join(map(_row, alerts))


def _row(alert: Alert) -> str:
    # The pattern for staging is the same everywhere, and long.
    thresholds = ", ".join(
        f"`{name}`" if name == "staging" else f"`{name}` {value}".replace("|", "\\|")
        for name, value in alert.thresholds.items()
    )
    cells = (
        f"[{alert.name}](runbooks/{alert.runbook}.md)",
        alert.severity,
        alert.hold,
        alert.keep_firing or "",
        thresholds,
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(table(load_alerts()))
