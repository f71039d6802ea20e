"""What an SQLite file, its disk and its neighbours may do; nothing harms the file."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent.errors import HistoryError
from agent.history import connect
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.conftest import RETENTION
from tests.history.records import NOW, RECORD, day_calls

MANY = Chapter(
    records=tuple(
        replace(RECORD, name=f"s_{n}", days=(day_calls(20_515, *range(24)),))
        for n in range(2_000)
    )
)
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
NOBODY = 65_534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def history(file: Path) -> Iterator[SqlHistory]:
    with closing(SqlHistory(f"sqlite:///{file}", retention=RETENTION)) as opened:
        yield opened


def saved(history: SqlHistory, chapter: Chapter | None = None) -> None:
    chapter = chapter or Chapter(records=(RECORD,))
    history.save("main", "app", chapter, seen_at=NOW)


def count(history: SqlHistory) -> int:
    return len(history.load("main", "app").records)


def failure(work: Callable[[], object]) -> str:
    with pytest.raises(HistoryError) as raised:
        work()
    return str(raised.value)


def test_a_full_disk_is_told_and_loses_nothing(
    history: SqlHistory, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(history)
    small = (*connect._PRAGMAS, "PRAGMA max_page_count = 30")
    with monkeypatch.context() as full:
        full.setattr(connect, "_PRAGMAS", small)

        told = failure(lambda: saved(history, MANY))

        assert count(history) == 1
    assert told == f"cannot write the history at 'sqlite:///{file}': the disk is full"
    saved(history, MANY)
    assert count(history) == 2_001


def test_a_disk_that_refuses_to_write_is_told_and_loses_nothing(
    history: SqlHistory, file: Path
) -> None:
    saved(history)
    with files_no_larger_than(200_000):
        told = failure(lambda: saved(history, MANY))

        assert count(history) == 1
    assert told == f"cannot write the history at 'sqlite:///{file}': disk I/O error"
    saved(history, MANY)
    assert count(history) == 2_001


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As a quota of the file system would have it; Python ignores the signal."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_really_full_is_told_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk}/history.db"
        with closing(SqlHistory(url, retention=RETENTION)) as history:
            saved(history)
            filler = disk / "filler"
            filler.write_bytes(bytes(free_bytes(disk)))

            told = [
                failure(lambda: saved(history, MANY)),
                failure(lambda: history.load("main", "app")),
            ]

            assert told == [
                f"cannot {action} the history at {url!r}: the disk is full"
                for action in ("write", "read")
            ]
            filler.unlink()
            saved(history)
            assert count(history) == 1


def free_bytes(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


def test_a_file_that_another_process_writes_is_told_and_can_be_read(
    history: SqlHistory, file: Path
) -> None:
    saved(history)
    with locked_by_another_process(file):
        told = failure(lambda: saved(history))

        assert count(history) == 1
    assert told == (
        f"cannot write the history at 'sqlite:///{file}': another process has it locked"
    )
    saved(history)


@contextmanager
def locked_by_another_process(file: Path) -> Iterator[None]:
    command = [sys.executable, "-c", LOCK, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            process.stdin.close()


def test_a_damaged_file_is_told_and_left_as_it_is(
    history: SqlHistory, file: Path
) -> None:
    saved(history, MANY)
    whole = file.read_bytes()
    damaged = whole[:4096] + b"\xa5" * 40_960 + whole[45_056:]
    file.write_bytes(damaged)

    told = [failure(lambda: saved(history)), failure(lambda: count(history))]

    assert told == [
        f"cannot {action} the history at 'sqlite:///{file}': the file is damaged;"
        " move it away, or mend it with `.recover` of sqlite3"
        for action in ("write", "read")
    ]
    assert file.read_bytes() == damaged
    file.write_bytes(whole)
    assert count(history) == 2_000


def test_a_file_of_something_else_is_told_and_left_as_it_is(
    history: SqlHistory, file: Path
) -> None:
    letter = b"Dear Sir or Madam,\n" * 1_000
    file.write_bytes(letter)

    told = failure(lambda: saved(history))

    assert told == (
        f"cannot write the history at 'sqlite:///{file}':"
        " the file is not one of SQLite; move it away, or name another"
    )
    assert file.read_bytes() == letter
    file.unlink()
    saved(history)
    assert count(history) == 1


def test_a_directory_that_is_missing_is_told_and_can_be_made_later(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "later"
    url = f"sqlite:///{directory}/history.db"
    with closing(SqlHistory(url, retention=RETENTION)) as history:
        told = failure(lambda: saved(history))

        assert told == (
            f"cannot write the history at {url!r}:"
            f" the directory {str(directory)!r} does not exist"
        )
        directory.mkdir()
        saved(history)
        assert count(history) == 1


def test_a_file_that_may_not_be_made_is_told(history: SqlHistory, file: Path) -> None:
    file.mkdir()

    told = failure(lambda: saved(history))

    assert told == (
        f"cannot write the history at 'sqlite:///{file}':"
        " the file cannot be opened; look at the permissions of it and of its directory"
    )
    file.rmdir()
    saved(history)
    assert count(history) == 1


def test_a_file_that_may_only_be_read_is_told() -> None:
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        file = Path(directory) / "history.db"
        with closing(SqlHistory(f"sqlite:///{file}", retention=RETENTION)) as history:
            saved(history)
            with without_the_right_to_write(Path(directory), file):
                told = failure(lambda: saved(history))

            assert told == (
                f"cannot write the history at 'sqlite:///{file}':"
                " the file or its directory is read-only"
            )
            saved(history)


@contextmanager
def without_the_right_to_write(*places: Path) -> Iterator[None]:
    """Root could write all the same, so that it is nobody for a while."""
    modes = [place.stat().st_mode for place in places]
    for place, mode in zip(places, modes, strict=True):
        place.chmod(mode & 0o555)
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)
        for place, mode in zip(places, modes, strict=True):
            place.chmod(mode)


def test_what_another_program_wrote_into_the_tables_is_told(
    history: SqlHistory, file: Path
) -> None:
    saved(history)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE sequence_agent_series SET since = 'yesterday'")

    told = failure(lambda: count(history))

    assert told.startswith(f"cannot read the history at 'sqlite:///{file}': ")
    assert "yesterday" in told


def test_a_file_is_whole_without_its_journal_between_two_rounds(
    history: SqlHistory, file: Path, tmp_path: Path
) -> None:
    saved(history, MANY)

    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())

    with closing(SqlHistory(f"sqlite:///{copy}", retention=RETENTION)) as other:
        assert count(other) == 2_000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nonsense", "the history's URL is not one of SQLAlchemy"),
        (
            "postgresql+psycopg://agent:secret@db:port/history",
            "the history's URL is not one of SQLAlchemy",
        ),
        (
            "postgresql+psycopg://agent:se@cret@db/history",
            "the history's URL has an '@' too many: write %40 for it",
        ),
        ("mysql://db/history", "a history cannot be kept in 'mysql'"),
        ("sqlite://", "the history's URL names no file: write sqlite:///file"),
        ("sqlite:///:memory:", "the history's URL names no file: write sqlite:///file"),
    ],
)
def test_a_url_that_is_none_is_told_when_it_is_used(url: str, expected: str) -> None:
    history = SqlHistory(url, retention=RETENTION)

    assert failure(lambda: saved(history)) == expected
