"""`sequence-agent run`: the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\
Examples:

\b
  sequence-agent run --config config.yaml
  curl http://localhost:9753/metrics
"""


def run(
    *,
    config: Annotated[
        Path,
        typer.Option("--config", metavar="FILE", help="The configuration, in YAML."),
    ],
) -> int:
    """Watch servers and answer Prometheus.

    Runs until stopped. SIGTERM and Ctrl-C stop it; SIGHUP, and a change of the file, reload it.
    """
    # The daemon takes as long to load as all the rest together.
    from agent.bootstrap.running import run_daemon  # noqa: PLC0415 - slow to load

    return run_daemon(config)
