"""One look at every database of some servers, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from agent.domain.filters import NameFilter
from agent.domain.status import DatabaseStatus
from agent.errors import AgentError
from agent.ports import Clock, Server
from agent.services.sampling import Sampler, SamplingPlan, unread

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server and which of its databases are sampled, how.

    Without a filter it is the one database that the server's DSN leads to.
    """

    server: Server
    databases: NameFilter | None
    plan: SamplingPlan = field(default_factory=SamplingPlan)


def discover(target: Target) -> tuple[str | None, ...]:
    """The target's databases that are there now; None is the DSN's own.

    Raises AgentError when the server cannot be asked.
    """
    if target.databases is None:
        return (None,)
    return tuple(filter(target.databases.admits, target.server.databases()))


def survey(
    targets: Sequence[Target], *, clock: Clock, concurrency: int, progress: Progress
) -> tuple[DatabaseStatus, ...]:
    """The status of every database, in the order of targets and names.

    `progress` is told how many databases are done, of how many that are known.
    """
    with ThreadPoolExecutor(concurrency, thread_name_prefix="survey") as pool:
        try:
            found = pool.map(lambda target: _samplings(target, clock), targets)
            futures = [pool.submit(each) for samplings in found for each in samplings]
            _watch(futures, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)


def _samplings(target: Target, clock: Clock) -> list[Callable[[], DatabaseStatus]]:
    server = target.server
    try:
        databases = discover(target)
    except AgentError as error:
        failed = unread(server, server.default_database, clock=clock, error=str(error))
        return [lambda: failed]
    return [
        Sampler(server, datname, plan=target.plan, clock=clock).sample
        for datname in databases
    ]


def _watch(futures: Sequence[Future[DatabaseStatus]], progress: Progress) -> None:
    progress(0, len(futures))
    for done, _ in enumerate(as_completed(futures), start=1):
        progress(done, len(futures))
