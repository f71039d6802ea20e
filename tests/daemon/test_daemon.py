"""The daemon as a whole, in a process of its own, on a real server."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent, indent

import pytest

from agent.demo.embedded import EmbeddedPostgres, free_port
from tests.agents import RunningAgent, running_agent, until
from tests.postgres_servers import Database, database_on, role_name


def config_for(*servers: str, sampling: str = "interval: 200ms") -> str:
    return dedent(
        """\
        listen: {{host: 127.0.0.1, port: {port}}}
        log: {{format: json}}
        sampling: {{{sampling}}}
        servers:
        {servers}
        """
    ).format(
        port=free_port(),
        sampling=sampling,
        servers="".join(indent(s, "  ") for s in servers),
    )


def server(name: str, dsn: str, databases: str = "*") -> str:
    return (
        f"- {{name: {name}, dsn: '{dsn}', databases: {{include: ['{databases}']}}}}\n"
    )


def watching(database: Database) -> str:
    return config_for(server("one", database.dsn, database.name))


def series(name: str, database: str, sequence: str = "") -> str:
    labels = f'server="one",datname="{database}"'
    if sequence:
        labels += f',schemaname="public",sequencename="{sequence}"'
    return f"{name}{{{labels}}}"


def last_value(agent: RunningAgent, database: Database, sequence: str) -> float | None:
    return agent.metrics().get(
        series("pg_sequence_last_value", database.name, sequence)
    )


def up(agent: RunningAgent, datname: str) -> float | None:
    return agent.metrics().get(series("sequence_agent_database_up", datname))


def test_what_the_database_says_is_on_metrics(database: Database) -> None:
    database.execute("CREATE SEQUENCE s; SELECT setval('s', 41)")

    with running_agent(watching(database)) as agent:
        agent.wait_ready()

        assert last_value(agent, database, "s") == 41
        assert agent.get("/healthz")[0] == 200


def test_a_new_value_is_there_in_the_next_round(database: Database) -> None:
    database.execute("CREATE SEQUENCE s; SELECT setval('s', 41)")

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        database.execute("SELECT nextval('s')")

        until(lambda: last_value(agent, database, "s") == 42, "the next value")


def test_sequences_come_and_go_without_waiting_for_the_inventory(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE old; SELECT nextval('old')")

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        database.execute(
            "DROP SEQUENCE old; CREATE SEQUENCE new; SELECT nextval('new')"
        )

        until(lambda: last_value(agent, database, "new") == 1, "the new sequence")
        assert '"old"' not in agent.get("/metrics")[1]


def test_databases_are_found_and_lost_while_running(postgres: EmbeddedPostgres) -> None:
    with running_agent(config_for(server("one", postgres.dsn(), "test_*"))) as agent:
        agent.wait_ready()
        with database_on(postgres) as late:
            until(lambda: up(agent, late.name) == 1, "the new database")

        until(lambda: up(agent, late.name) is None, "its end")
        assert late.name not in agent.get("/metrics")[1]


def test_sampling_does_not_stand_in_the_way_of_drop_database(
    postgres: EmbeddedPostgres,
) -> None:
    config = config_for(server("one", postgres.dsn(), "test_*"))
    with (
        database_on(postgres) as elsewhere,
        database_on(postgres) as database,
        running_agent(config) as agent,
    ):
        until(lambda: up(agent, database.name) == 1, "the database")
        elsewhere.execute(f'DROP DATABASE "{database.name}"')

        until(lambda: up(agent, database.name) is None, "its end")


def test_a_server_that_is_down_is_shown_as_down_and_ready_all_the_same() -> None:
    dsn = "postgresql://nobody@127.0.0.1:1/app"

    with running_agent(config_for(server("one", dsn))) as agent:
        agent.wait_ready()

        assert up(agent, "app") == 0
        until(lambda: agent.metrics().get(_count("app"), 0) > 3, "some rounds")
        assert agent.events("server_unreadable") == 1


def test_a_server_that_hangs_holds_up_nobody_else(database: Database) -> None:
    database.execute("CREATE SEQUENCE s; SELECT nextval('s')")
    with _black_hole() as dead:
        config = config_for(
            server("dead", dead), server("one", database.dsn, database.name)
        )

        with running_agent(config) as agent:
            until(lambda: last_value(agent, database, "s") == 1, "the other server")
            assert agent.get("/readyz")[0] == 503
            assert "dead" in agent.get("/readyz")[1]


def test_sigterm_ends_it_within_two_seconds_with_samples_in_flight(
    database: Database,
) -> None:
    with _black_hole() as dead, database.connect() as connection:
        # A catalog that no backend opens when it starts: others can still connect.
        connection.execute("BEGIN; LOCK TABLE pg_catalog.pg_depend")
        config = config_for(
            server("dead", dead),
            server("one", database.dsn, database.name),
            sampling="interval: 200ms, lock_timeout: 10s",
        )

        with running_agent(config) as agent:
            until(lambda: agent.get("/healthz")[0] == 200, "life")
            _wait_until_somebody_waits(database)
            code, seconds = agent.terminate()

    assert code == 0
    assert seconds < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_success(
    database: Database, number: signal.Signals
) -> None:
    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        agent.signal(number)

        assert agent.process.wait(5) == 0
        assert agent.events("stopped") == 1


def test_sighup_and_a_changed_file_put_the_new_configuration_into_force(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE s; CREATE SEQUENCE t; SELECT nextval('s')")

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        renamed = agent.config.read_text().replace("name: one", "name: two")
        agent.config.write_text(renamed)
        agent.signal(signal.SIGHUP)

        until(lambda: 'server="two"' in agent.get("/metrics")[1], "the new name")
        until(
            lambda: 'server="one"' not in agent.get("/metrics")[1], "the old one's end"
        )

        agent.config.write_text(renamed.replace("name: two", "name: three"))
        until(lambda: 'server="three"' in agent.get("/metrics")[1], "the next name")


def test_a_broken_file_is_told_and_counted_and_the_old_one_stays_in_force(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE s; SELECT nextval('s')")

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        good = agent.config.read_text()
        agent.config.write_text(good.replace("servers:", "sevrers:"))
        agent.signal(signal.SIGHUP)

        until(lambda: agent.metrics()[_SUCCESS] == 0, "the refusal")
        assert agent.metrics()[_FAILURES] == 1
        assert agent.events("config_refused") == 1
        assert last_value(agent, database, "s") == 1

        agent.config.write_text(good)
        until(lambda: agent.metrics()[_SUCCESS] == 1, "the recovery")


_SUCCESS = "sequence_agent_config_reload_success"
_FAILURES = "sequence_agent_config_reload_failures_total"


def test_a_server_that_stops_answering_is_given_up_and_comes_back(
    postgres: EmbeddedPostgres,
) -> None:
    own = EmbeddedPostgres(postgres.binaries)
    quick = "interval: 200ms, connect_timeout: 2s, statement_timeout: 300ms"
    with own, database_on(own) as database:
        database.execute("CREATE SEQUENCE s; SELECT nextval('s')")
        config = config_for(server("one", database.dsn, database.name), sampling=quick)

        with running_agent(config) as agent:
            agent.wait_ready()
            own.halt("immediate")
            until(lambda: up(agent, database.name) == 0, "its end")
            assert last_value(agent, database, "s") is None

            own.start()
            until(lambda: last_value(agent, database, "s") is not None, "its return")
            assert agent.events("server_unreadable") >= 1
            assert agent.events("server_readable") >= 1
            assert agent.events("database_unreadable") == 0


def test_a_rotated_password_needs_no_restart(database: Database) -> None:
    dsn = database.role("rotating")
    password = dsn.partition("@")[0].rpartition(":")[2]
    config = config_for(
        f"- name: one\n  dsn: '{dsn.replace(f':{password}', '')}'\n"
        f"  password_file: password\n  databases: {{include: ['{database.name}']}}\n"
    )

    with running_agent(config, files={"password": password}) as agent:
        until(lambda: up(agent, database.name) == 1, "the first password")

        role = role_name(dsn)
        database.execute(f"ALTER ROLE \"{role}\" PASSWORD 'another'")
        until(lambda: agent.events("server_unreadable"), "a refusal")
        agent.config.with_name("password").write_text("another\n")

        until(lambda: agent.events("server_readable"), "the new password")
        assert "another" not in agent.log.read_text()


def test_the_port_taken_is_one_sentence_and_exit_code_1() -> None:
    config = config_for(server("one", "host=nowhere"))
    port = int(config.partition("port: ")[2].partition("}")[0])

    with (
        socket.create_server(("127.0.0.1", port)),
        running_agent(config) as agent,
    ):
        assert agent.process.wait(10) == 1
        said = agent.log.read_text()

    assert f"cannot listen on 127.0.0.1:{port}: address already in use" in said
    assert said.count("\n") == 1


def _count(datname: str) -> str:
    # prometheus-client sorts the labels by name.
    labels = f'datname="{datname}",server="one"'
    return f"sequence_agent_sample_duration_seconds_count{{{labels}}}"


def _wait_until_somebody_waits(database: Database) -> None:
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
    until(lambda: database.execute(waiting), "a sample in flight")


@contextmanager
def _black_hole() -> Iterator[str]:
    """The DSN of a server that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://nobody@127.0.0.1:{listener.getsockname()[1]}/app"
