"""From a DSN or a file to servers, and to one look at all of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.bootstrap.dsns import usable_dsn
from agent.clock import SystemClock
from agent.config import Config, Sampling, Server, Severity, secrets
from agent.domain.filters import NameFilter
from agent.domain.pace import Deadlines, Intervals, Thresholds
from agent.domain.status import DatabaseStatus
from agent.ports import Clock
from agent.postgres.connect import Endpoint, with_password
from agent.postgres.servers import Ceilings, PostgresServer, server_of
from agent.services import surveying
from agent.services.sampling import SamplingPlan
from agent.services.selection import Selection
from agent.services.surveying import Progress, Target

CLOCK: Clock = SystemClock()


def servers_from_dsns(
    dsns: Sequence[str], *, all_databases: bool
) -> tuple[Target, ...]:
    """A target for each DSN, named by its address; raises DsnError."""
    ceilings = Ceilings(CLOCK)
    return tuple(
        _target_of_dsn(
            usable_dsn(dsn, which=f"DSN {number}" if len(dsns) > 1 else "the DSN"),
            databases=NameFilter() if all_databases else None,
            ceilings=ceilings,
        )
        for number, dsn in enumerate(dsns, start=1)
    )


def servers_from_config(
    config: Config,
    environ: Mapping[str, str],
    *,
    stopping: threading.Event | None = None,
) -> tuple[Target, ...]:
    """A target for each server of a configuration; secrets are read later.

    `stopping` ends every wait for a server when it is set.
    """
    stop, ceilings = stopping or threading.Event(), Ceilings(CLOCK)
    return tuple(
        Target(
            server=PostgresServer(
                name=server.name,
                endpoint=replace(
                    _endpoint(server, config.sampling, environ, stop),
                    ceiling=ceilings.of(server.dsn.reveal() if server.dsn else None),
                ),
                max_locks=config.sampling.max_locks,
            ),
            databases=server.databases.names,
            plan=SamplingPlan(
                selection=Selection(
                    schemas=server.schemas.names, sequences=server.sequences.names
                ),
                intervals=Intervals(
                    inventory=config.sampling.inventory_interval,
                    columns=config.sampling.column_interval,
                ),
                thresholds=thresholds_of(config.severity),
                accepted=tuple(each.accepted for each in config.acknowledge),
            ),
        )
        for server in config.servers
    )


def thresholds_of(severity: Severity) -> Thresholds:
    return Thresholds(
        warning_used_ratio=severity.warning.used_ratio,
        critical_used_ratio=severity.critical.used_ratio,
        warning_exhausts_within=severity.warning.exhausts_within,
        critical_exhausts_within=severity.critical.exhausts_within,
    )


def survey(
    targets: Sequence[Target],
    *,
    thresholds: Thresholds,
    concurrency: int,
    progress: Progress,
) -> tuple[DatabaseStatus, ...]:
    """One look at every database of the targets."""
    return distinct(
        surveying.survey(
            judged(targets, thresholds),
            clock=CLOCK,
            concurrency=concurrency,
            progress=progress,
        )
    )


def judged(targets: Sequence[Target], thresholds: Thresholds) -> tuple[Target, ...]:
    """The same targets, whose sequences are held against these thresholds."""
    return tuple(
        replace(target, plan=replace(target.plan, thresholds=thresholds))
        for target in targets
    )


def distinct(statuses: Sequence[DatabaseStatus]) -> tuple[DatabaseStatus, ...]:
    """The same with no database twice by one name: two DSNs may lead to one place."""
    seen: Counter[tuple[str, str]] = Counter()
    named = []
    for status in statuses:
        seen[status.server, status.datname] += 1
        number = seen[status.server, status.datname]
        name = f"{status.server} #{number}" if number > 1 else status.server
        named.append(replace(status, server=name))
    return tuple(named)


def endpoint_of(
    server: Server,
    config: Config,
    environ: Mapping[str, str],
    *,
    stopping: threading.Event | None = None,
) -> Endpoint:
    """How to reach one server of a configuration; secrets are read later."""
    return _endpoint(server, config.sampling, environ, stopping or threading.Event())


def _target_of_dsn(
    dsn: str, *, databases: NameFilter | None, ceilings: Ceilings
) -> Target:
    endpoint = Endpoint(conninfo=lambda: dsn, clock=CLOCK, ceiling=ceilings.of(dsn))
    return Target(server=server_of(dsn, endpoint), databases=databases)


def _endpoint(
    server: Server,
    sampling: Sampling,
    environ: Mapping[str, str],
    stopping: threading.Event,
) -> Endpoint:
    def conninfo() -> str:
        dsn, password = secrets.dsn(server, environ), secrets.password(server)
        return with_password(dsn.reveal(), password.reveal() if password else None)

    return Endpoint(
        conninfo=conninfo,
        bare=lambda: secrets.dsn(server, environ).reveal(),
        clock=CLOCK,
        deadlines=Deadlines(
            connect=sampling.connect_timeout,
            statement=sampling.statement_timeout,
            lock=sampling.lock_timeout,
        ),
        stopping=stopping,
    )
