from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.board import Board
from agent.bootstrap.targets import servers_from_config
from agent.clock import SystemClock
from agent.config import load
from agent.domain.databases import Exclusion
from agent.domain.filters import NameFilter
from agent.errors import AgentError, RefusedError
from agent.scheduling.rounds import Rounds
from agent.scheduling.surroundings import Pace, Surroundings
from agent.scheduling.timer import Timer
from agent.services.recording import Recorder
from agent.services.surveying import Target
from agent.services.tracking import Tracker
from tests.agents import until
from tests.domain.test_limits import SEQUENCE
from tests.services.fakes import FakeHistory, FakeServer
from tests.stepping_clock import stepping_clock

MANY = [f"db_{number}" for number in range(40)]
PACE = Pace(interval=timedelta(milliseconds=100), concurrency=2)


@dataclass
class Running:
    """Rounds with a real timer, and what they showed."""

    rounds: Rounds
    board: Board
    done: list[str] = field(default_factory=list)

    def begin(self, *servers: FakeServer) -> None:
        targets = [Target(server=s, databases=NameFilter()) for s in servers]
        self.rounds.apply(targets, PACE)

    def shown(self) -> set[tuple[str, str]]:
        return set(self.board.databases())

    def state(self, server: str, datname: str) -> str:
        return self.board.databases()[server, datname].state.value

    def errors(self) -> set[str | None]:
        return {status.error for status in self.board.databases().values()}

    def error(self, server: str, datname: str) -> str | None:
        status = self.board.databases().get((server, datname))
        return status.error if status else "not shown"


@pytest.fixture
def running() -> Iterator[Running]:
    clock, board, done = SystemClock(), Board(), list[str]()
    timer = Timer(clock)
    surroundings = Surroundings(
        timer=timer,
        clock=clock,
        sinks=(board,),
        recorder=Recorder(FakeHistory(), clock=clock, on_failure=lambda: None),
        round_done=done.append,
    )
    timer.start()
    yield Running(rounds=Rounds(surroundings), board=board, done=done)
    timer.stop(within=timedelta(seconds=5))


def fleet(name: str, *databases: str) -> FakeServer:
    return FakeServer(name=name, contents={each: [SEQUENCE] for each in databases})


def test_every_database_of_every_server_is_shown(running: Running) -> None:
    running.begin(fleet("a", "x", "y"), fleet("b", "x"))

    until(lambda: len(running.shown()) == 3, "all databases")
    assert running.shown() == {("a", "x"), ("a", "y"), ("b", "x")}


def test_a_round_is_done_when_every_database_was_sampled_once(running: Running) -> None:
    running.begin(fleet("a", "x", "y", "z"))

    until(lambda: running.done, "the first round")
    assert len(running.shown()) == 3


def test_a_server_without_databases_has_its_round_too(running: Running) -> None:
    running.begin(fleet("a"))

    until(lambda: running.done, "the first round")
    assert running.shown() == set()


def test_a_server_that_is_gone_from_the_configuration_leaves(running: Running) -> None:
    first, second = fleet("a", "x"), fleet("b", "x")
    running.begin(first, second)
    until(lambda: len(running.shown()) == 2, "both")

    running.begin(second)

    until(lambda: running.shown() == {("b", "x")}, "the one that is left")
    sessions = first.sessions
    seen = second.sessions
    until(lambda: second.sessions > seen + 2, "further rounds of the other")
    assert first.sessions <= sessions + 1


def test_a_server_that_failed_at_first_is_shown_at_its_own_database_until_it_answers(
    running: Running,
) -> None:
    server = fleet("a", "x")
    server.broken = AgentError("no such host")
    running.begin(server)
    until(lambda: running.error("a", "app") == "no such host", "the failure")

    server.broken = None

    until(lambda: running.shown() == {("a", "x")}, "its databases")


def test_a_server_that_cannot_be_asked_is_down_as_a_whole_and_nothing_of_it_is_tried(
    running: Running,
) -> None:
    server = fleet("a", *MANY)
    running.begin(server)
    until(lambda: len(running.shown()) == len(MANY), "all")

    with capture_logs() as logged:
        server.broken = AgentError("gone")
        until(lambda: running.errors() == {"gone"}, "the failure")
        tries, looks = server.attempts, server.listings
        until(lambda: server.listings > looks + 3, "further rounds")
        tried = server.attempts - tries
        server.broken = None
        until(lambda: running.errors() == {None}, "its return")

    assert len(running.shown()) == len(MANY)
    assert tried <= PACE.concurrency  # those that were under way
    assert [entry["event"] for entry in logged] == [
        "server_unreadable",
        "server_readable",
    ]


def test_a_server_that_cannot_be_asked_after_a_reload_is_down_as_a_whole(
    running: Running,
) -> None:
    server = fleet("a", *MANY)
    running.begin(server)
    until(lambda: len(running.shown()) == len(MANY), "all")

    running.done.clear()
    running.begin(replace(server, broken=AgentError("no such host")))

    until(lambda: running.errors() == {"no such host"}, "the failure")
    until(lambda: running.done, "its round")
    assert len(running.shown()) == len(MANY)


def test_databases_that_do_not_answer_do_not_hold_up_the_look_at_their_server(
    running: Running,
) -> None:
    server = fleet("a", *MANY)
    running.begin(server)
    until(lambda: len(running.shown()) == len(MANY), "all")

    server.answering.clear()
    server.broken = AgentError("black hole")

    until(lambda: running.errors() == {"black hole"}, "the failure")
    server.answering.set()


def test_databases_that_are_known_are_read_while_that_of_the_dsn_is_refused(
    running: Running,
) -> None:
    server = fleet("a", "x", "y")
    running.begin(server)
    until(lambda: len(running.shown()) == 2, "both")

    with capture_logs() as logged:
        server.unlisted = RefusedError("permission denied")
        until(lambda: logged, "the refusal")
        seen = server.sessions
        until(lambda: server.sessions > seen + 4, "further rounds")

    assert running.errors() == {None}
    assert [entry["event"] for entry in logged] == ["server_unreadable"]


def test_what_is_left_out_is_told_once_and_never_tried(running: Running) -> None:
    server = fleet("a", "x", "golden", "closed")
    server.exclusions = {"golden": Exclusion.TEMPLATE}
    server.rejecting = {"closed"}
    with capture_logs() as logged:
        running.begin(server)
        until(lambda: running.done, "the first round")
        failed, looks = server.attempts - server.sessions, server.listings
        until(lambda: server.listings > looks + 5, "further rounds")
        seen = server.sessions
        until(lambda: server.sessions > seen + 5, "further rounds")

    states = {key[1]: s.state for key, s in running.board.databases().items()}
    assert states == {"x": "up", "golden": "excluded", "closed": "excluded"}
    excluded = [e for e in logged if e["event"] == "database_excluded"]
    assert {e["database"]: e["reason"] for e in excluded} == {
        "golden": "it is a template",
        "closed": "pg_hba.conf does not let the role in",
    }
    assert len(excluded) == 2
    assert failed == 1
    assert server.attempts - server.sessions <= failed + 1  # one is under way


def test_a_database_that_is_closed_while_it_is_watched_is_left_out_and_comes_back(
    running: Running,
) -> None:
    server = fleet("a", "x", "y")
    running.begin(server)
    until(lambda: len(running.shown()) == 2, "both")

    server.exclusions = {"y": Exclusion.NO_PRIVILEGE}
    until(lambda: running.state("a", "y") == "excluded", "its closing")
    running.begin(replace(server, broken=AgentError("gone")))
    until(lambda: running.state("a", "x") == "down", "the failure")
    assert running.state("a", "y") == "excluded"

    running.begin(replace(server, exclusions={}))
    until(lambda: running.state("a", "y") == "up", "its return")


@pytest.mark.parametrize(
    ("server", "names"),
    [
        ("dsn: host=db dbname=app, password_file: missing", {"app"}),
        (
            "dsn_file: missing, databases: {include: [shop, billing]}",
            {"shop", "billing"},
        ),
        ("dsn_file: missing", {""}),
    ],
)
def test_a_secret_that_cannot_be_read_is_a_round_that_failed(
    running: Running, tmp_path: Path, server: str, names: set[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"servers: [{{name: a, {server}}}]")

    with capture_logs() as logged:
        running.rounds.apply(servers_from_config(load(file, {}), {}), PACE)
        until(lambda: running.done, "the first round")

    assert running.shown() == {("a", name) for name in names}
    (error,) = running.errors()
    assert "missing" in str(error)
    assert [entry["event"] for entry in logged] == ["server_unreadable"]


def test_a_fault_of_our_own_does_not_leave_the_last_status_standing(
    running: Running,
) -> None:
    server = fleet("a", "x")
    running.begin(server)
    until(lambda: running.error("a", "x") is None, "a good round")

    server.contents = {"x": [None]}  # type: ignore[list-item]
    server.fingerprint = "other"

    until(
        lambda: (running.error("a", "x") or "").startswith("internal error"),
        "the fault",
    )


def test_a_database_whose_beginning_failed_unforeseen_is_begun_at_the_next_look(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError("a fault of our own")])
    tracker = Recorder.tracker

    def fails_once(recorder: Recorder, server: str, datname: str) -> Tracker:
        for failure in failures:
            raise failure
        return tracker(recorder, server, datname)

    monkeypatch.setattr(Recorder, "tracker", fails_once)

    running.begin(fleet("a", "x", "y"))

    until(lambda: running.shown() == {("a", "x"), ("a", "y")}, "both")
    until(lambda: running.done == ["a"], "a round")


@pytest.mark.parametrize("hours", [-1, 1, -24 * 400, 24 * 4000])
def test_a_clock_that_is_set_stops_no_sampling(running: Running, hours: int) -> None:
    server, clock = fleet("a", "x"), SystemClock()
    with stepping_clock() as wall:
        running.begin(server)
        until(running.shown, "a first round")
        seen = server.sessions

        wall.step(timedelta(hours=hours))
        set_at = clock.now()

        until(lambda: server.sessions > seen + 4, "rounds", seconds=3)
        sampled_at = running.board.databases()["a", "x"].sampled_at
        assert set_at <= sampled_at <= clock.now()
