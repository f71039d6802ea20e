"""One look at the databases that --dsn or --config name, shared by two commands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

import typer

from agent import config
from agent.bootstrap import targets
from agent.cli.failures import UsageError
from agent.cli.interrupting import leaving_at_once
from agent.cli.progress import progress
from agent.domain.pace import Thresholds
from agent.domain.status import DatabaseStatus
from agent.errors import HistoryError
from agent.services.surveying import Progress, Target

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
class Sight:
    """What one look found; `gaps` say in words what is not known for which reason."""

    databases: tuple[DatabaseStatus, ...]
    gaps: tuple[str, ...] = ()


class Look(Protocol):
    """Where to look, and from where on a sequence needs attention."""

    @property
    def thresholds(self) -> Thresholds: ...
    def take(self, thresholds: Thresholds | None = None) -> Sight:
        """Look, by other thresholds if there are any."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LookByDsn:
    """A look at servers that are named by DSNs: no past is known of them."""

    targets: tuple[Target, ...]
    thresholds: Thresholds = field(default_factory=Thresholds)

    def take(self, thresholds: Thresholds | None = None) -> Sight:
        with leaving_at_once(), progress("reading databases") as show:
            databases = targets.survey(
                self.targets,
                thresholds=thresholds or self.thresholds,
                concurrency=config.Sampling().concurrency,
                progress=show,
            )
        return Sight(databases=databases)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookByConfig:
    """A look at the servers of a configuration, and at what its agent has stored."""

    config: config.Config

    @property
    def thresholds(self) -> Thresholds:
        return targets.thresholds_of(self.config.severity)

    def take(self, thresholds: Thresholds | None = None) -> Sight:
        judging = thresholds or self.thresholds
        with leaving_at_once(), progress("reading databases") as show:
            try:
                return Sight(databases=self._with_past(judging, show))
            except (config.SecretUnreadableError, HistoryError) as error:
                databases = targets.survey(
                    targets.servers_from_config(self.config, os.environ),
                    thresholds=judging,
                    concurrency=self.config.sampling.concurrency,
                    progress=show,
                )
                return Sight(databases=databases, gaps=(f"time left: {error}",))

    def _with_past(
        self, thresholds: Thresholds, show: Progress
    ) -> tuple[DatabaseStatus, ...]:
        # The history takes as long to load as all the rest together.
        from agent.bootstrap.forecasting import Lookout  # noqa: PLC0415 - slow to load

        return Lookout(self.config, os.environ, thresholds=thresholds).look(show)


def look_at(
    dsns: Sequence[str] | None, config_file: Path | None, *, all_databases: bool
) -> Look:
    """Read the options, and the file; raises UsageError, DsnError and ConfigError."""
    if dsns and config_file:
        raise UsageError("--dsn and --config exclude each other; give one of them")
    if config_file is not None:
        if all_databases:
            raise UsageError(
                "--all-databases goes with --dsn; a configuration names its databases"
                " itself"
            )
        return LookByConfig(config=config.load(config_file, os.environ))
    if not dsns:
        raise UsageError("either --dsn or --config is needed")
    return LookByDsn(
        targets=targets.servers_from_dsns(dsns, all_databases=all_databases)
    )
