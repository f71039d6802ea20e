"""Tests that were collected and run once, and are run again on functions that differ.

Most of what a mutant costs is to start Python, to import, to collect and to start a
server. Here one process does that once, and notes which test reaches which line. It forks
for each mutant, puts the changed code into the functions that are there, and runs the
tests that reach it. A table of a module is assigned anew. What is in neither (fields of
classes, defaults of arguments) cannot be changed that way.
"""

from __future__ import annotations

import ast
import functools
import gc
import os
import sys
import threading
import time
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import accumulate, chain, zip_longest
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Never

import pytest
from _pytest.runner import runtestprotocol

from tests.mutations_running import Change, Result, Tests, ending, surroundings
from tests.mutations_tests import covering, targets

_QUERIES = "agent/postgres/queries"
_SHORTEST_SECONDS = 15
# A mutant that the tests nearest to it let live for so long is listed.
_ENOUGH_SECONDS = 30
_PATIENCE_SECONDS = 8.0

Lines = dict[str, set[int]]
# Of functions, by what is there; a statement that assigns; or another file's.
Difference = dict[CodeType, CodeType] | CodeType | tuple[()]
Cache = functools._lru_cache_wrapper


class Warm:
    """A process in which tests are ready to be run, started when first asked."""

    def __init__(self, copy: Path, tests: Tests) -> None:
        self._copy = copy
        self._tests = tests
        self._loop: Connection | None = None

    def result(self, change: Change) -> Result | None:
        """What these tests say of it; None where no function differs."""
        if self._loop is None:
            self._loop = self._started()
            sys.stdout.write(f"{self._loop.recv()}\n")
        # Plain values: there our own modules were imported once more.
        self._loop.send((change.path, change.mutant.line, change.mutant.text))
        answer = self._loop.recv()
        return Result(answer) if answer else None

    def _started(self) -> Connection:
        ours, theirs = Pipe()
        if os.fork():
            theirs.close()
            return ours
        ours.close()
        with surroundings(self._copy, self._copy / f"warm-{self._tests.servers}.txt"):
            options = self._tests.options("")
            options.remove("-x")
            pytest.main(options, plugins=[_Loop(theirs)])
        raise AssertionError  # pragma: no cover - surroundings end the process


@dataclass(frozen=True, kw_only=True)
class _Reaching:
    """A test that passes: how long it takes, and which lines of which files it reaches."""

    item: pytest.Item
    seconds: float
    lines: Lines


@dataclass
class _Loop:
    """In place of pytest's own: all tests once, then answers until nobody asks."""

    asked: Connection
    tests: list[_Reaching] = field(default_factory=list)
    functions: dict[CodeType, list[FunctionType]] = field(default_factory=dict)
    caches: list[Cache[Any]] = field(default_factory=list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.caches = _caches()
        for item in session.items:
            _forget(self.caches)
            began = time.perf_counter()
            with _traced() as lines:
                passes = _passes(item, session)
            took = time.perf_counter() - began
            if passes:
                self.tests.append(_Reaching(item=item, seconds=took, lines=lines))
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self.functions.setdefault(each.__code__, []).append(each)
        _hurry()
        # Nothing is to be touched by the processes to come, which would copy it.
        gc.freeze()
        self.asked.send(f"{len(self.tests)} of {len(session.items)} tests are ready")
        with suppress(EOFError):
            while True:
                path, line, text = self.asked.recv()
                result = self._result(path, line, text, session)
                self.asked.send(result and result.value)
        return True

    def _result(
        self, path: str, line: int, text: str, session: pytest.Session
    ) -> Result | None:
        file = Path(path)
        before = file.read_text()
        is_python = file.suffix == ".py"
        differs = _difference(file, before, text, self.functions) if is_python else ()
        if differs is None:
            return None
        tests = self._chosen(path, line, differs)
        limit = _SHORTEST_SECONDS + 5 * sum(test.seconds for test in tests)
        # What the tests start as processes of their own reads it too.
        file.write_text(text)
        try:
            process = os.fork()
            if process == 0:
                self._try(differs, tests, session)
            code = ending(process, limit)
        finally:
            file.write_text(before)
        if code is None:
            return Result.TIMEOUT
        return Result.KILLED if code else Result.SURVIVED

    def _try(
        self, differs: Difference, tests: list[_Reaching], session: pytest.Session
    ) -> Never:
        """The process ends with 1 where a test fails."""
        code = 1
        try:
            os.setsid()
            match differs:
                case CodeType():
                    _assign(differs)
                case dict():
                    for there in self.functions.keys() & differs.keys():
                        for function in self.functions[there]:
                            function.__code__ = differs[there]
                case ():
                    pass  # the file has been written
            _forget(self.caches)
            code = int(not all(_passes(test.item, session) for test in tests))
        finally:
            os._exit(code)

    def _chosen(self, path: str, line: int, differs: Difference) -> list[_Reaching]:
        """The nearest of those that reach it, the quickest first."""
        near = _files_for(path)
        tests = sorted(
            self._reaching(path, line, differs),
            key=lambda test: (near.get(_file_of(test.item), len(near)), test.seconds),
        )
        until = accumulate(test.seconds for test in tests)
        return [
            test
            for test, end in zip(tests, until, strict=True)
            if end - test.seconds < _ENOUGH_SECONDS
        ]

    def _reaching(self, path: str, line: int, differs: Difference) -> list[_Reaching]:
        """Those that reach the line; where none does (a part of one), the functions."""
        tests = [test for test in self.tests if path in test.lines]
        if not isinstance(differs, dict):
            return tests
        begun = {code.co_firstlineno for code in differs}
        exactly = [test for test in tests if line in test.lines[path]]
        return exactly or [test for test in tests if test.lines[path] & begun]


def _hurry() -> None:
    """What mutants keep from coming is waited for by tests for seconds, not for half a minute."""
    if agents := sys.modules.get("tests.agents"):
        agents.until.__kwdefaults__["seconds"] = _PATIENCE_SECONDS


def _files_for(path: str) -> dict[str, int]:
    """The files of tests that a mutated one names, in that order."""
    tests = covering(path)
    files = (path, *tests.pure, *tests.server) if tests else ()
    return {file: place for place, file in enumerate(files)}


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.split("::", maxsplit=1)[0]


def _passes(item: pytest.Item, session: pytest.Session) -> bool:
    """Whatever the session has set up, stays: servers above all."""
    # pytest takes anything with a chain of collectors for the item that comes next.
    following: pytest.Item = session  # type: ignore[assignment]
    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


def _forget(caches: Iterable[Cache[Any]]) -> None:
    """What was kept of earlier calls: of a test, or of a function as it was."""
    for cache in caches:
        cache.cache_clear()


def _caches() -> list[Cache[Any]]:
    """Those of the agent."""
    found = (each for each in gc.get_objects() if isinstance(each, Cache))
    return [each for each in found if each.__module__.startswith("agent.")]


# Which lines are reached.


@contextmanager
def _traced() -> Iterator[Lines]:
    """Lines of the files that are mutated; of statements, which of them were asked for."""
    lines: Lines = {path: set() for path in targets(Path.cwd())}
    files = {str(Path(path).resolve()): lines[path] for path in lines}
    loader = str(Path(_QUERIES, "__init__.py").resolve())

    def call(frame: FrameType, _event: str, _argument: object) -> object:
        name = frame.f_code.co_filename
        if name == loader and frame.f_code.co_name == "query":
            for asked in frame.f_locals["names"]:
                lines.setdefault(f"{_QUERIES}/{asked}.sql", set()).add(0)
        if (reached := files.get(name)) is None:
            return None
        reached.add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _argument: object) -> object:
            reached.add(frame.f_lineno)
            return line

        return line

    threading.settrace(call)  # type: ignore[arg-type]
    sys.settrace(call)  # type: ignore[arg-type]
    try:
        yield lines
    finally:
        sys.settrace(None)
        threading.settrace(None)
        for path in [path for path, reached in lines.items() if not reached]:
            del lines[path]


# What differs.


def _difference(
    file: Path, old: str, new: str, functions: Container[CodeType]
) -> Difference | None:
    """None where anything else differs than functions, or what one name is given."""
    trees = ast.parse(old), ast.parse(new)
    unlike = [
        after
        for before, after in zip_longest(*(tree.body for tree in trees))
        if not (before and after) or ast.unparse(before) != ast.unparse(after)
    ]
    match unlike:
        case [ast.Assign() | ast.AnnAssign() as statement]:
            module = ast.Module(body=[statement], type_ignores=[])
            return compile(module, str(file.resolve()), "exec")
        case _:
            return _codes(file, old, new, functions)


def _codes(
    file: Path, old: str, new: str, functions: Container[CodeType]
) -> dict[CodeType, CodeType] | None:
    live, before, after = (
        list(_walk(compile(text, str(file.resolve()), "exec")))
        for text in (old, ast.unparse(ast.parse(old)), new)
    )
    if len(before) != len(after):
        return None
    differing = [
        number
        for number, (one, other) in enumerate(zip(before, after, strict=True))
        if _outline(one) != _outline(other)
    ]
    codes: dict[CodeType, CodeType] = {}
    for number in differing:
        # A function within one that differs is made anew by it, and may be there too.
        around = _around(live[number].co_qualname)
        found = [n for n, code in enumerate(live) if code.co_qualname in around]
        if not any(live[n] in functions for n in found):
            return None
        codes |= {live[n]: after[n] for n in found}
    return codes


def _assign(statement: CodeType) -> None:
    """In its module, and wherever that was imported from."""
    named = statement.co_filename
    (home,) = (
        vars(module)
        for module in sys.modules.values()
        if getattr(module, "__file__", None) == named
    )
    before = dict(home)
    exec(statement, home)  # noqa: S102 - ours, with one thing changed
    for name in [name for name in before if home[name] is not before[name]]:
        for module in list(sys.modules.values()):
            if vars(module).get(name) is before[name]:
                vars(module)[name] = home[name]


def _around(name: str) -> set[str]:
    """The qualified names of a function and of those that it is defined in."""
    parts = name.split(".<locals>.")
    return {".<locals>.".join(parts[:end]) for end in range(1, len(parts) + 1)}


def _walk(code: CodeType) -> Iterator[CodeType]:
    yield code
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    yield from chain.from_iterable(map(_walk, inner))


def _outline(code: CodeType) -> tuple[object, ...]:
    """All of it but lines and what is within, which is looked at by itself."""
    constants = [
        None if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, *names, code.co_exceptiontable)
