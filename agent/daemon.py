"""The daemon: samples at ticks, answers over HTTP, reloads its file, and stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from agent import logs
from agent.board import Board
from agent.config import Config, ConfigError, ConfigFile
from agent.health import Health
from agent.metrics.exposition import Detail, Exposition
from agent.metrics.own import OwnMetrics
from agent.ports import Clock
from agent.scheduling.jobs import Jobs
from agent.scheduling.rounds import Rounds
from agent.scheduling.scheduled import ScheduledJob
from agent.scheduling.surroundings import Pace, Surroundings
from agent.scheduling.timer import Timer
from agent.services.recording import Recorder
from agent.services.surveying import Target

log = structlog.get_logger()

_HEARTBEAT = timedelta(seconds=1)
_FILE_LOOK = timedelta(seconds=2)
_JOB_LOOK = timedelta(seconds=1)
_HOUSEKEEPING = "housekeeping"
_HISTORY = "history"
# Together with the web server's second this stays under the two that are promised.
_LAST_CALLS = timedelta(milliseconds=700)
_LAST_WORDS = timedelta(milliseconds=500)
_WRITING = timedelta(seconds=1)
_RESTART = "a change needs a restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """What shows the state of the world to those who ask."""

    board: Board
    exposition: Exposition
    own: OwnMetrics
    health: Health


class Daemon:
    """Everything behind the pages: ticks, rounds and the configuration in force."""

    def __init__(
        self,
        file: ConfigFile,
        *,
        faces: Faces,
        targets: Callable[[Config], Sequence[Target]],
        jobs: Callable[[Config], Sequence[ScheduledJob]],
        recorder: Recorder,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        """`targets` and `jobs` tell what a configuration asks for; `stopping` ends it."""
        self._file = file
        self._faces = faces
        self._targets = targets
        self._scheduled = jobs
        self._recorder = recorder
        self._clock = clock
        self._stopping = stopping
        self._loading = threading.Lock()
        self._fixed: Mapping[str, object] = {}
        self._timer = Timer(clock)
        self._rounds = Rounds(
            Surroundings(
                timer=self._timer,
                clock=clock,
                sinks=(faces.board, faces.exposition, faces.own),
                recorder=recorder,
                round_done=faces.health.round_done,
            )
        )

        self._jobs = Jobs(timer=self._timer, clock=clock, sink=faces.own.jobs)

    def start(self, config: Config) -> None:
        """Begin with a configuration that was loaded already."""
        self._timer.start()
        self._timer.add_pool(_HOUSEKEEPING, threads=2)
        self._tick(_HEARTBEAT, self._faces.health.beat, "heartbeat")
        self._tick(_FILE_LOOK, self._look_at_file, "watch configuration")
        # Apart from the heartbeat: a lost server holds whoever writes to it.
        self._timer.add_pool(_HISTORY, threads=1)
        self._timer.every(
            _WRITING,
            self._recorder.write,
            name="write history",
            pool=_HISTORY,
            patient=True,
        )
        self._fixed = _fixed(config)
        self._apply(config)
        self._tick(_JOB_LOOK, self._jobs.look, "look for ticks of jobs")

    def reload(self) -> None:
        """Load the file soon; callable from a signal handler."""
        self._timer.soon(self._load, name="reload", pool=_HOUSEKEEPING)

    def stop(self) -> bool:
        """End all ticks and waits; tell whether everything ended in time."""
        self._stopping.set()
        all_ended = self._timer.stop(within=_LAST_CALLS)
        return self._written_down() and all_ended

    def _written_down(self) -> bool:
        """The last of the history; a server that is lost is not waited for."""
        write = partial(self._recorder.write, last=True)
        last = threading.Thread(target=write, daemon=True)
        last.start()
        last.join(_LAST_WORDS.total_seconds())
        return not last.is_alive()

    def _tick(self, interval: timedelta, call: Callable[[], None], name: str) -> None:
        self._timer.every(interval, call, name=name, pool=_HOUSEKEEPING)

    def _look_at_file(self) -> None:
        if self._file.changed():
            self._load()

    def _load(self) -> None:
        """Put the file into force; a broken one leaves what was there before."""
        with self._loading:
            config = self._loaded()
            if config is None:
                return
            for section, value in _fixed(config).items():
                if value != self._fixed[section]:
                    log.warning("section_kept", section=section, reason=_RESTART)
            self._apply(config)
        log.info("config_reloaded", servers=len(config.servers))

    def _loaded(self) -> Config | None:
        try:
            return self._file.load()
        except ConfigError as error:
            problems = [str(problem) for problem in error.problems]
        self._faces.own.reloaded(ok=False, at=self._clock.now())
        log.error("config_refused", problems=problems)
        return None

    def _apply(self, config: Config) -> None:
        logs.configure(level=config.log.level, format_=config.log.format)
        self._faces.exposition.show(Detail(config.metrics.detail))
        targets = self._targets(config)
        self._faces.health.configured(target.server.name for target in targets)
        self._rounds.apply(
            targets,
            Pace(
                interval=config.sampling.interval,
                concurrency=config.sampling.concurrency,
            ),
        )
        now = self._clock.now()
        self._jobs.apply(self._scheduled(config), unchanged_for=self._file.age(now))
        self._faces.own.reloaded(ok=True, at=now)


def _fixed(config: Config) -> Mapping[str, object]:
    """What stays as it was at the start, whatever a new file says."""
    return {"listen": config.listen, "history": config.history}
