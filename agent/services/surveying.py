"""One look at every database of some servers, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from agent.domain.databases import Exclusion
from agent.domain.filters import NameFilter
from agent.domain.status import DatabaseStatus
from agent.errors import AgentError
from agent.ports import Clock, Server
from agent.services.sampling import Sampler, SamplingPlan, unread
from agent.services.tracking import Tracker

T = TypeVar("T")

_WAKE_SECONDS = 0.5

Progress = Callable[[int, int], None]
TrackerOf = Callable[[str, str], Tracker | None]


def _no_tracker(_server: str, _datname: str) -> None:
    """Nothing is known of consumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server and which of its databases are sampled, how.

    Without a filter it is the one database that the server's DSN leads to.
    """

    server: Server
    databases: NameFilter | None
    plan: SamplingPlan = field(default_factory=SamplingPlan)

    def needs(self, datname: str) -> bool:
        """Whether the database is named: then it is tried whatever stands against it."""
        return self.databases is None or datname in self.databases.literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The databases of a server to look at, and those that are left out, with why."""

    found: tuple[str, ...]
    excluded: Mapping[str, Exclusion] = field(default_factory=dict)


def discover(target: Target) -> Discovery:
    """The target's databases that are there now.

    Raises AgentError when the server cannot be asked.
    """
    if target.databases is None:
        return Discovery(found=(target.server.default_database,))
    admitted = [
        each
        for each in target.server.databases()
        if target.databases.admits(each.datname)
    ]
    excluded = {
        each.datname: each.exclusion
        for each in admitted
        if each.exclusion is not None and not target.needs(each.datname)
    }
    return Discovery(
        found=tuple(e.datname for e in admitted if e.datname not in excluded),
        excluded=excluded,
    )


def expected(target: Target) -> tuple[str, ...]:
    """The databases to speak of while the server cannot be asked which it has."""
    named = target.databases.literal if target.databases else ()
    return named or (target.server.default_database,)


def survey(
    targets: Sequence[Target],
    *,
    clock: Clock,
    concurrency: int,
    progress: Progress,
    tracker_of: TrackerOf = _no_tracker,
) -> tuple[DatabaseStatus, ...]:
    """The status of every database, in the order of targets and names.

    `progress` is told how many databases are done, of how many that are known.
    `tracker_of` is asked by server and database, in many threads; what it raises is
    raised here.
    """
    with ThreadPoolExecutor(concurrency, thread_name_prefix="survey") as pool:
        try:
            listed = [pool.submit(_samplings, t, clock, tracker_of) for t in targets]
            for _ in _ended(listed):
                pass
            futures = [pool.submit(each) for found in listed for each in found.result()]
            _watch(futures, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)


def _samplings(
    target: Target, clock: Clock, tracker_of: TrackerOf
) -> list[Callable[[], DatabaseStatus]]:
    if target.databases is None:
        return [partial(_sample, target, None, clock, tracker_of)]
    server = target.server
    try:
        databases = discover(target)
    except AgentError as error:
        return [
            partial(unread, server, each, clock=clock, error=str(error))
            for each in expected(target)
        ]
    return [
        *(partial(_sample, target, e, clock, tracker_of) for e in databases.found),
        *(
            partial(unread, server, each, clock=clock, exclusion=exclusion)
            for each, exclusion in databases.excluded.items()
        ),
    ]


def _sample(
    target: Target, datname: str | None, clock: Clock, tracker_of: TrackerOf
) -> DatabaseStatus:
    server = target.server
    # Asked when its turn has come, for it may have much to read.
    tracker = tracker_of(server.name, datname or server.default_database)
    sampler = Sampler(
        server,
        datname,
        plan=target.plan,
        clock=clock,
        tracker=tracker,
        needed=datname is None or target.needs(datname),
        once=True,
    )
    return sampler.sample()


def _watch(futures: Sequence[Future[DatabaseStatus]], progress: Progress) -> None:
    progress(0, len(futures))
    for done in _ended(futures):
        progress(done, len(futures))


def _ended(futures: Sequence[Future[T]]) -> Iterator[int]:
    """How many have ended, one by one.

    A signal that another thread was given is handled when this one wakes up.
    """
    pending, done = set(futures), 0
    while pending:
        ended, pending = wait(
            pending, timeout=_WAKE_SECONDS, return_when=FIRST_COMPLETED
        )
        for _ in ended:
            done += 1
            yield done
