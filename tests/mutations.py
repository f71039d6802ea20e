"""Breaks what resets and schedules are made of, one small thing at a time.

    python -m tests.mutations --path 'agent/domain/resets/*' --sample 200 --seed 1

What no test notices, survives, and is listed. Results are kept in .cache/mutants, by
what the mutated file reads like: a run that was broken off goes on, and a changed
module is asked about anew. After new tests, `--again` asks about survivors once more.

mutmut 3 was tried: it leaves out what is decorated (properties), tables at module level
(the gates), defaults of fields, elements of literals (the plan's hash) and SQL, and it
knows one set of tests for all modules.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from random import Random

from tests.mutations_bench import Bench
from tests.mutations_python import members_in, python_mutants
from tests.mutations_running import (
    ROOT,
    Change,
    Finding,
    Result,
    copy_of_the_tree,
    load_libraries,
)
from tests.mutations_sql import sql_mutants
from tests.mutations_tests import targets

RESULTS = ROOT / ".cache" / "mutants" / "results.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(arguments)
    changes = _chosen(list(_changes(wanted.path)), wanted)
    known = _known(again=wanted.again)
    if wanted.list:
        for change in changes:
            sys.stdout.write(f"{_words(change, known)}\n")
        return 0
    todo = [change for change in changes if change.key not in known]
    sys.stdout.write(f"{len(changes)} mutants, {len(todo)} of them not known yet\n")
    for finding in _findings(todo, wanted):
        known[finding.key] = finding
        _keep(finding)
        if finding.result != Result.KILLED:
            sys.stdout.write(f"{finding}\n")
            sys.stdout.flush()
    _report([known[change.key] for change in changes if change.key in known])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants ARGS=…")
    parser.add_argument("--path", action="append", help="only files like this")
    parser.add_argument("--sample", type=int, help="only so many, by chance")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pure", action="store_true", help="no tests on servers")
    parser.add_argument("--again", action="store_true", help="ask survivors once more")
    parser.add_argument("--list", action="store_true", help="run nothing, list them")
    return parser


def _changes(patterns: Sequence[str] | None) -> Iterator[Change]:
    sources = [path.read_text() for path in (ROOT / "agent").rglob("*.py")]
    members = members_in(sources)
    for path in targets(ROOT):
        if patterns and not any(fnmatchcase(path, pattern) for pattern in patterns):
            continue
        text = (ROOT / path).read_text()
        found = (
            sql_mutants(text)
            if path.endswith(".sql")
            else python_mutants(text, members)
        )
        yield from (Change(path=path, mutant=mutant) for mutant in found)


def _chosen(changes: list[Change], wanted: argparse.Namespace) -> list[Change]:
    if wanted.sample is None or wanted.sample >= len(changes):
        return changes
    numbers = sorted(Random(wanted.seed).sample(range(len(changes)), wanted.sample))
    return [changes[number] for number in numbers]


def _known(*, again: bool) -> dict[str, Finding]:
    """The newest finding of each; without those that are to be asked again."""
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text().splitlines()
    findings = [Finding(**json.loads(line)) for line in lines]
    found = {finding.key: finding for finding in findings}
    if again:
        return {k: f for k, f in found.items() if f.result != Result.SURVIVED}
    return found


def _keep(finding: Finding) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(f"{json.dumps(asdict(finding))}\n")


def _findings(
    changes: Sequence[Change], wanted: argparse.Namespace
) -> Iterator[Finding]:
    """As they come, from several processes, each with a copy of the tree."""
    context = multiprocessing.get_context("fork")
    load_libraries()
    asked: Queue[Change | None] = context.Queue()
    answered: Queue[Finding] = context.Queue()
    asked.cancel_join_thread()
    for item in (*changes, *[None] * wanted.workers):
        asked.put(item)
    copies = [copy_of_the_tree() for _ in range(wanted.workers)]
    workers = [
        context.Process(target=_work, args=(copy, asked, answered, not wanted.pure))
        for copy in copies
    ]
    try:
        for worker in workers:
            worker.start()
        for _ in changes:
            yield _answer(answered, workers)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        for copy in copies:
            shutil.rmtree(copy, ignore_errors=True)


def _answer(answered: Queue[Finding], workers: Sequence[BaseProcess]) -> Finding:
    while True:
        try:
            return answered.get(timeout=1)
        except queue.Empty:
            if not all(worker.is_alive() or worker.exitcode == 0 for worker in workers):
                sys.exit("a worker ended: see above")


def _work(
    copy: Path, asked: Queue[Change | None], answered: Queue[Finding], servers: bool
) -> None:
    """Change by change, until there is none left."""
    bench = Bench(copy=copy)
    while (change := asked.get()) is not None:
        answered.put(bench.finding(change, servers=servers))


def _words(change: Change, known: Mapping[str, Finding]) -> str:
    finding = known.get(change.key)
    result = finding.result if finding else "not known"
    return f"{change.path}:{change.mutant.line}: {result}: {change.mutant.what}"


def _report(findings: Sequence[Finding]) -> None:
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        counts.setdefault(finding.path, Counter())[finding.result] += 1
    sys.stdout.write("\n")
    for path, of_path in (
        *counts.items(),
        ("all", Counter(f.result for f in findings)),
    ):
        told = ", ".join(f"{number} {result}" for result, number in of_path.items())
        sys.stdout.write(f"{path}: {told}\n")
    sys.stdout.write("\n")
    for finding in findings:
        if finding.result != Result.KILLED:
            sys.stdout.write(f"{finding}\n")


if __name__ == "__main__":
    sys.exit(main())
