"""A seed is a regular file of a size that was stated; nothing else can hang a run."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agent.bootstrap import seed_files
from agent.bootstrap.seed_files import (
    LARGEST_SEED_BYTES,
    SeedUnreadableError,
    read_seed,
)
from agent.domain.resets.seeds import Seed
from tests.eventually import eventually
from tests.resets.target import CLOCK


def reason(path: Path) -> str:
    """Why it cannot be read, which is known at once."""
    began = CLOCK.monotonic()
    with pytest.raises(SeedUnreadableError) as error:
        read_seed(path)
    assert CLOCK.monotonic() - began < 2
    return str(error.value).removeprefix(f"seed {str(path)!r} cannot be read: ")


@pytest.mark.parametrize("content", [b"", b"SELECT 1;\r\n\x00\xff", b"x" * 3_000_000])
def test_a_file_is_read_byte_by_byte(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "seed.sql"
    file.write_bytes(content)

    assert read_seed(file) == Seed(str(file), content)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.sql").write_bytes(b"SELECT 1")
    link = tmp_path / "seed.sql"
    link.symlink_to("real.sql")

    assert read_seed(link) == Seed(str(link), b"SELECT 1")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_fifo, "a FIFO"),
        (_socket, "a socket"),
        (Path.mkdir, "a directory"),
    ],
)
def test_only_a_regular_file_is_read(
    tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = tmp_path / "seed.sql"
    make(path)

    assert reason(path) == f"it is {kind}; name a regular file"


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("/dev/zero", "a device"),
        ("/dev/tty", "a device"),
        ("/proc/self/fd", "a directory"),
    ],
)
def test_a_link_leads_to_no_other_kind_either(
    tmp_path: Path, to: str, kind: str
) -> None:
    link = tmp_path / "seed.sql"
    link.symlink_to(to)

    assert reason(link) == f"it is {kind}; name a regular file"


def test_a_fifo_that_comes_into_its_place_hangs_nothing(tmp_path: Path) -> None:
    """Between the look and the opening."""
    path = tmp_path / "seed.sql"
    changing = threading.Event()

    def change() -> None:
        while not changing.is_set():
            path.unlink(missing_ok=True)
            os.mkfifo(path)
            path.unlink()
            path.write_bytes(b"SELECT 1")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            began = CLOCK.monotonic()
            with suppress(SeedUnreadableError):
                read_seed(path)
            assert CLOCK.monotonic() - began < 2
    finally:
        changing.set()
        thread.join()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert reason(tmp_path / "no.sql") == (
        "No such file or directory; name a file that the agent may read"
    )


def test_what_the_kernel_makes_up_is_read_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files of /proc say that they are empty, and hold anything."""
    monkeypatch.setattr(seed_files, "LARGEST_SEED_BYTES", 100)

    assert reason(Path("/proc/self/status")).startswith("it is larger than")


def test_a_file_larger_than_stated_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "seed.sql"
    with file.open("wb") as opened:
        opened.truncate(LARGEST_SEED_BYTES + 1)

    assert reason(file) == (
        "it is larger than 256 MiB; split it, or restore such an amount without a seed"
    )


def test_a_file_that_is_being_written_is_no_seed_yet(tmp_path: Path) -> None:
    file = tmp_path / "seed.sql"
    file.write_bytes(b"SELECT 1;\n")
    stopping = threading.Event()

    def grow() -> None:
        with file.open("r+b", buffering=0) as opened:
            while not stopping.is_set():
                # Not on and on: what is read whole is looked at again.
                opened.seek(opened.tell() % 10_000_000)
                opened.write(b"SELECT 1;\n" * 100)

    def is_noticed() -> bool:
        try:
            read_seed(file)
        except SeedUnreadableError as error:
            return "it was written to meanwhile; move a finished file" in str(error)
        return False

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        eventually(is_noticed)
    finally:
        stopping.set()
        thread.join()
