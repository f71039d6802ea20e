"""Whoever owns an embedded server, and however it ends: nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.demo.installation import Account, copy_installation, server_account
from tests.demo.leftovers import (
    ask,
    assert_nothing_left,
    assert_nothing_left_soon,
    poll,
    processes,
)

ROOT = Path(__file__).parent.parent.parent
PACKAGES = Path(psycopg.__file__).parent.parent
CALLER = Account(name="the caller")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

OWNER = textwrap.dedent("""
    import signal, sys, time
    from pathlib import Path
    from agent.demo.embedded import EmbeddedPostgres
    # A shell ignores it for what it runs in the background, such as these tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with EmbeddedPostgres(Path(sys.argv[1]), parent=Path(sys.argv[2])) as server:
        print(server.dsn(), flush=True)
        time.sleep(60)
""")


def test_killing_the_owner_leaves_nothing(binaries: Path, parent: Path) -> None:
    with start_owner(binaries, parent) as owner:
        owner.kill()

    assert_nothing_left_soon(parent)


def test_killing_the_owner_during_initdb_leaves_nothing(
    binaries: Path, parent: Path
) -> None:
    with start_owner(binaries, parent, wait=False) as owner:
        poll(lambda: any(parent.glob("pg-*/data/base")))
        owner.kill()

    assert_nothing_left_soon(parent)


def test_ctrl_c_in_the_terminal_stops_the_server_in_order(
    binaries: Path, parent: Path
) -> None:
    with start_owner(binaries, parent) as owner:
        # What a terminal does: every process of the foreground group gets it.
        os.killpg(owner.pid, signal.SIGINT)

        assert owner.wait(30) == -signal.SIGINT
        assert_nothing_left(parent)


def test_ctrl_c_does_not_reach_the_server_before_its_owner(
    binaries: Path, parent: Path
) -> None:
    with EmbeddedPostgres(binaries, parent=parent):
        groups = {os.getpgid(process) for process in processes(parent)}

    assert os.getpgrp() not in groups


def test_a_keeper_that_was_killed_is_not_missed(binaries: Path, parent: Path) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        server.home.keeper.kill()

    assert_nothing_left(parent)


@AS_ROOT
def test_root_runs_the_server_as_another_account(binaries: Path, parent: Path) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        postmaster = (server.data / "postmaster.pid").read_text().split()[0]

        assert Path(f"/proc/{postmaster}").stat().st_uid != 0


@AS_ROOT
def test_root_runs_programs_that_no_other_account_can_reach(
    each_binaries: Path, parent: Path
) -> None:
    unreachable = copy_installation(each_binaries, parent / "closed")
    (parent / "closed").chmod(0o700)

    with EmbeddedPostgres(unreachable, parent=parent) as server:
        assert ask(server.dsn(), "SELECT 1") == 1

    assert_nothing_left(parent)


@AS_ROOT
def test_root_avoids_a_temporary_directory_closed_to_others(
    binaries: Path, parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(parent))

    with EmbeddedPostgres(binaries) as server:
        assert not server.home.path.is_relative_to(parent)

    assert_nothing_left(parent)


@AS_ROOT
def test_an_ordinary_user_needs_no_root(binaries: Path, parent: Path) -> None:
    user = server_account()

    with start_owner(binaries, parent, account=user) as owner:
        owners = [home.owner() for home in parent.iterdir()]
        owner.send_signal(signal.SIGINT)

    assert owners == [user.name]
    assert owner.returncode == -signal.SIGINT
    assert_nothing_left(parent)


def start_owner(
    binaries: Path, parent: Path, *, account: Account = CALLER, wait: bool = True
) -> subprocess.Popen[str]:
    """Another Python process with a running server, in a process group of its own."""
    owner = subprocess.Popen(
        [python_for(account), "-c", OWNER, binaries, parent],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{PACKAGES}"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        process_group=0,
        user=account.uid,
        group=account.gid,
        extra_groups=None if account.uid is None else [],
    )
    if wait and owner.stdout is not None:
        assert ask(owner.stdout.readline().strip(), "SELECT 1") == 1
    return owner


def python_for(account: Account) -> Path:
    """This very Python, or the system's of the same version if it is out of reach."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/local/bin/{name}", f"/usr/bin/{name}"):
        if runs(account, candidate) and account.reaches(ROOT / "agent"):
            return Path(candidate)
    pytest.skip(f"{account.name} can run no {name} here")


def runs(account: Account, program: str) -> bool:
    try:
        answer = account.run([program, "--version"], directory=Path("/"))
    except OSError:
        return False
    return answer.returncode == 0
