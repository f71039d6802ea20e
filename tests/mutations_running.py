"""Running tests on a copy of the tree in which one thing is different.

The tests of a mutant run in a process of their own, forked from one that has loaded the
libraries already and nothing of ours. One that takes too long is killed; the servers
that it has started end with it.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest

from tests.mutations_python import Mutant
from tests.mutations_tests import covering

ROOT = Path(__file__).resolve().parent.parent
_LIBRARIES = (
    "alembic",
    "apscheduler.schedulers.background",
    "hypothesis",
    "jinja2",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "sqlalchemy.orm",
    "starlette.applications",
    "structlog",
    "typer",
    "yaml",
)
_LEFT_BEHIND = shutil.ignore_patterns(
    ".*", "__pycache__", "node_modules", "dashboards", "compose"
)
_POLL_SECONDS = 0.02
_SHORTEST_SECONDS = 30
_LONGEST_SECONDS = 1200
_OPTIONS = (
    *("-x", "-q", "-n", "0", "--no-header", "--tb=line", "--assert=plain"),
    *("-p", "no:randomly", "-p", "no:cacheprovider"),
)


class Result(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A mutant of a file of ours; two of one text have one key."""

    path: str
    mutant: Mutant

    @property
    def key(self) -> str:
        text = f"{self.path}\n{self.mutant.text}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of a change; `stage` is which tests decided."""

    key: str
    path: str
    line: int
    what: str
    result: str
    stage: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.result} ({self.stage}): {self.what}"


@dataclass(frozen=True, kw_only=True)
class Tests:
    """Where tests are, and whether those on servers are meant or the others."""

    paths: tuple[str, ...]
    servers: bool
    major: int = 18

    def options(self, mutated: str) -> list[str]:
        """A module's own examples come first."""
        own = [mutated] if mutated.endswith(".py") and not self.servers else []
        kind = "postgres" if self.servers else "not postgres"
        return [*_OPTIONS, f"--postgres={self.major}", "-m", kind, *own, *self.paths]


def load_libraries() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)


def copy_of_the_tree() -> Path:
    """A directory to be removed by whoever asked for it."""
    copy = Path(tempfile.mkdtemp(prefix="mutants-"))
    shutil.copytree(ROOT, copy, ignore=_LEFT_BEHIND, dirs_exist_ok=True)
    if (fetched := ROOT / ".cache" / "postgres").is_dir():
        (copy / ".cache").mkdir()
        (copy / ".cache" / "postgres").symlink_to(fetched)
    return copy


@dataclass
class Bench:
    """A copy of the tree, and how long its tests may take."""

    copy: Path
    _limits: dict[Tests, float] = field(default_factory=dict)

    def finding(self, change: Change, *, servers: bool) -> Finding:
        """Tests without a server first; those on servers only for what survives them."""
        began = time.perf_counter()
        result, stage = Result.SURVIVED, "no tests"
        for tests in _stages(change.path, servers=servers):
            limit = self._limit(tests)
            stage = "servers" if tests.servers else "pure"
            result = self._result(change, tests, limit)
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

    def _result(self, change: Change, tests: Tests, limit: float) -> Result:
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


def run_tests(
    copy: Path, tests: Tests, mutated: str, *, limit: float
) -> tuple[Result, str]:
    """What they say of the copy as it is, with the end of their output."""
    output = copy / "output.txt"
    process = os.fork()
    if process == 0:
        _be_tested(copy, tests.options(mutated), output)
    code = _ending(process, limit)
    words = output.read_text(errors="replace")[-2000:] if output.exists() else ""
    if code is None:
        return Result.TIMEOUT, words
    # 5: there are no tests of that kind.
    return (Result.SURVIVED if code in {0, 5} else Result.KILLED), words


def _be_tested(copy: Path, options: Sequence[str], output: Path) -> None:
    """Never returns."""
    code = 70
    try:
        os.setsid()
        os.chdir(copy)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        sys.path[:] = [str(copy), *(p for p in sys.path if p not in {"", str(ROOT)})]
        sys.dont_write_bytecode = True
        for name in [n for n in sys.modules if n.split(".")[0] in {"agent", "tests"}]:
            del sys.modules[name]
        code = int(pytest.main(list(options)))
    except BaseException:  # noqa: BLE001 - nobody else would hear of it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ending(process: int, limit: float) -> int | None:
    deadline = time.perf_counter() + limit
    while time.perf_counter() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None
