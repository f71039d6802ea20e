"""One look at the databases that --dsn or --config name, shared by two commands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agent import config
from agent.bootstrap import targets
from agent.cli.failures import UsageError
from agent.cli.interrupting import leaving_at_once
from agent.cli.progress import progress
from agent.domain.pace import Thresholds
from agent.domain.status import DatabaseStatus
from agent.services.surveying import Target

DsnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="Where to look: postgresql://user@host/database or 'host=... dbname=...'. "
        "May be given several times. PGPASSWORD, ~/.pgpass and PGSERVICE work as with "
        "psql.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Look at the servers of this configuration.",
        show_default=False,
    ),
]
AllDatabasesOption = Annotated[
    bool,
    typer.Option(
        "--all-databases",
        help="Look at every database of each DSN's server, not only at the DSN's own.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where to look, how many databases at once, and what to think of what is there."""

    targets: tuple[Target, ...]
    concurrency: int
    thresholds: Thresholds

    def take(self) -> tuple[DatabaseStatus, ...]:
        with leaving_at_once(), progress("reading databases") as show:
            return targets.survey(
                self.targets,
                thresholds=self.thresholds,
                concurrency=self.concurrency,
                progress=show,
            )


def look_at(
    dsns: Sequence[str] | None, config_file: Path | None, *, all_databases: bool
) -> Look:
    """Read the options, and the file; raises UsageError, DsnError and ConfigError."""
    if dsns and config_file:
        raise UsageError("--dsn and --config exclude each other; give one of them")
    if config_file is not None:
        return _look_at_config(config_file, all_databases=all_databases)
    if not dsns:
        raise UsageError("either --dsn or --config is needed")
    return Look(
        targets=targets.servers_from_dsns(dsns, all_databases=all_databases),
        concurrency=config.Sampling().concurrency,
        thresholds=Thresholds(),
    )


def _look_at_config(path: Path, *, all_databases: bool) -> Look:
    if all_databases:
        raise UsageError(
            "--all-databases goes with --dsn; a configuration names its databases itself"
        )
    loaded = config.load(path, os.environ)
    return Look(
        targets=targets.servers_from_config(loaded, os.environ),
        concurrency=loaded.sampling.concurrency,
        thresholds=targets.thresholds_of(loaded.severity),
    )
