"""What becomes of a mutant: by tests that are ready, else by tests from their beginning."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutations_running import Change, Finding, Result, Tests, run_tests
from tests.mutations_tests import covering, every
from tests.mutations_warm import Warm

_SHORTEST_SECONDS = 30
_LONGEST_SECONDS = 1200


@dataclass
class Bench:
    """A copy of the tree, its tests that are ready, and how long the others may take."""

    copy: Path
    _ready: dict[bool, Warm] = field(default_factory=dict)
    _limits: dict[Tests, float] = field(default_factory=dict)

    def finding(self, change: Change, *, servers: bool) -> Finding:
        """Tests without a server first; those on servers only for what survives them."""
        began = time.perf_counter()
        result, stage = Result.SURVIVED, "no tests"
        for tests in _stages(change.path, servers=servers):
            stage = "servers" if tests.servers else "pure"
            result = self._warm(tests).result(change) or self._cold(change, tests)
            if result is not Result.SURVIVED:
                break
        return Finding(
            key=change.key,
            path=change.path,
            line=change.mutant.line,
            what=change.mutant.what,
            result=result.value,
            stage=stage,
            seconds=round(time.perf_counter() - began, 1),
        )

    def _warm(self, tests: Tests) -> Warm:
        if tests.servers not in self._ready:
            paths = every(servers=tests.servers)
            ready = Tests(paths=paths, servers=tests.servers)
            self._ready[tests.servers] = Warm(self.copy, ready)
        return self._ready[tests.servers]

    def _cold(self, change: Change, tests: Tests) -> Result:
        limit = self._limit(tests)
        file = self.copy / change.path
        before = file.read_text()
        file.write_text(change.mutant.text)
        try:
            return run_tests(self.copy, tests, change.path, limit=limit)[0]
        finally:
            file.write_text(before)

    def _limit(self, tests: Tests) -> float:
        """From a run in which nothing is changed, which has to be green."""
        if tests not in self._limits:
            began = time.perf_counter()
            result, words = run_tests(self.copy, tests, "", limit=_LONGEST_SECONDS)
            if result is not Result.SURVIVED:
                sys.exit(
                    f"tests fail though nothing is changed: {tests.paths}\n{words}"
                )
            took = time.perf_counter() - began
            self._limits[tests] = max(_SHORTEST_SECONDS, 4 * took)
        return self._limits[tests]


def _stages(path: str, *, servers: bool) -> Iterator[Tests]:
    tests = covering(path)
    if tests is not None and tests.pure:
        yield Tests(paths=tests.pure, servers=False)
    if tests is not None and tests.server and servers:
        yield Tests(paths=tests.server, servers=True, major=_major(path))


def _major(path: str) -> int:
    """A version that the file is for, where there are others for later ones."""
    return 13 if path.endswith("_13.sql") else 18
