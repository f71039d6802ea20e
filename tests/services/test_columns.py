"""How columns are watched from round to round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from agent.domain.sequences import (
    At,
    Position,
    SequenceDefinition,
    Unreadability,
    Unreadable,
)
from agent.domain.status import DatabaseStatus
from agent.domain.taken import Answer, Question, Sight, Taken, Unseen
from agent.services.columns import AT_ONCE, ColumnWatch
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.domain.statuses import BIGINT, USERS_ID
from tests.services.fakes import FakeServer, FakeSession, stopped_clock
from tests.stopped_clock import StoppedClock

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def fed(number: int) -> SequenceDefinition:
    column = replace(USERS_ID, table_name=f"t{number}", table_oid=1000 + number)
    return replace(BIGINT, oid=number, name=f"s{number}", columns=(column,))


@dataclass
class Scene:
    """A server with so many sequences, each before a table, and a sampler of it."""

    sequences: int = 1
    clock: StoppedClock = field(default_factory=stopped_clock)

    def __post_init__(self) -> None:
        self.server = FakeServer(
            contents={"app": [fed(n) for n in range(self.sequences)]}
        )
        self.sampler = Sampler(
            self.server,
            "app",
            plan=SamplingPlan(),
            clock=self.clock,
            tracker=Tracker("fake", "app"),
        )

    def stands(self, value: int, *, held: Sequence[int], number: int = 0) -> None:
        self.server.values[number] = value
        self.server.held[f"public.t{number}"] = list(held)

    def sample(self) -> DatabaseStatus:
        self.clock.move(MINUTE)
        return self.sampler.sample()

    def behind(self, number: int = 0) -> int | None:
        return self.sample().sequences[number].behind


def test_a_sequence_where_its_column_is_is_healthy() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 11))

    assert scene.behind() == 0


def test_a_sequence_left_behind_is_seen_in_the_first_round() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 501))

    assert scene.behind() == 490


def test_of_two_columns_the_one_that_is_not_ahead_is_known_to_be_healthy() -> None:
    scene = Scene()
    (first,), (second,) = fed(0).columns, fed(1).columns
    shared = replace(fed(0), columns=(first, second))
    scene.server.contents["app"] = [shared]
    scene.stands(10, held=range(1, 501))
    scene.server.held["public.t1"] = [1, 2, 3]

    columns = scene.sample().sequences[0].columns

    assert [column.behind for column in columns] == [490, 0]


def test_it_comes_nearer_with_every_insert_that_fails() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 501))

    seen = [scene.behind()]
    scene.server.values[0] = 15
    seen.append(scene.behind())

    assert seen == [490, 485]


def test_one_that_was_mended_is_healthy_in_the_next_round() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 501))

    seen = [scene.behind()]
    scene.server.values[0] = 500
    seen.append(scene.behind())

    assert seen == [490, 0]


def test_one_that_was_put_back_is_seen_at_once_and_not_after_an_hour() -> None:
    scene = Scene()
    scene.stands(500, held=range(1, 501))

    seen = [scene.behind()]
    scene.server.values[0] = 1
    seen.append(scene.behind())

    assert seen == [0, 499]


def test_a_table_emptied_with_its_sequence_restarted_is_healthy() -> None:
    scene = Scene()
    scene.stands(500, held=range(1, 501))

    seen = [scene.behind()]
    scene.stands(1, held=[1])
    seen.append(scene.behind())

    assert seen == [0, 0]


def test_ids_inserted_by_hand_are_seen_when_the_column_is_due_again() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 11))

    seen = [scene.behind()]
    scene.stands(10, held=range(1, 21))
    seen.append(scene.behind())
    scene.clock.move(HOUR)
    seen.append(scene.behind())

    assert seen == [0, 0, 10]


def test_a_healthy_column_is_asked_once_an_hour() -> None:
    scene = Scene()
    scene.stands(10, held=range(1, 11))

    for _ in range(10):
        scene.sample()
    asked_in_ten_minutes = scene.server.questions
    scene.clock.move(HOUR)
    scene.sample()

    assert (asked_in_ten_minutes, scene.server.questions) == (1, 2)


def test_a_new_sequence_is_asked_about_in_its_first_round() -> None:
    scene = Scene()
    scene.sample()

    scene.server.fingerprint = "second"
    scene.server.contents["app"].append(fed(1))
    scene.stands(1, held=[1, 2, 3], number=1)

    assert scene.behind(1) == 2


def test_values_that_it_steps_over_do_not_put_it_behind() -> None:
    scene = Scene()
    odd = replace(fed(0), increment=2)
    scene.server.contents["app"] = [odd]
    scene.stands(11, held=[2, 4, 100])

    assert scene.behind() == 0


def test_what_cannot_be_looked_at_is_unknown_and_costs_nothing() -> None:
    scene = Scene()
    hidden = replace(USERS_ID, readable=False)
    scene.server.contents["app"] = [replace(fed(0), columns=(hidden,))]

    status = scene.sample().sequences[0]

    assert status.behind is None
    assert status.sights == (Unseen.NO_PRIVILEGE,)
    assert scene.server.questions == 0


@dataclass
class Inserting(FakeSession):
    """A session with a table into which somebody inserts whenever it is looked at."""

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        answers = super().answers(questions)
        self._insert()
        return answers

    def positions(
        self, sequences: Sequence[SequenceDefinition], *, in_recovery: bool
    ) -> Mapping[int, Position]:
        found = super().positions(sequences, in_recovery=in_recovery)
        self._insert()
        return found

    def _insert(self) -> None:
        self.server.values[0] += 100
        self.server.held["public.t0"].append(self.server.values[0])


def test_inserts_during_the_round_put_nothing_behind() -> None:
    server = FakeServer(values={0: 1}, held={"public.t0": [1]})
    session = Inserting(server, "app")
    watch = ColumnWatch(timedelta(0))
    sequences = [fed(0)]
    behind: list[Sight] = []

    for now in range(5):
        watch.look(session, sequences, now)
        positions = session.positions(sequences, in_recovery=False)
        watch.confirm(session, positions, in_recovery=False, now=now)
        behind.extend(watch.sights(sequences[0]))

    assert not [sight for sight in behind if isinstance(sight, Unseen)]
    assert len(set(behind)) == 1


def test_no_more_is_asked_at_once_than_agreed_and_nothing_is_left_out() -> None:
    server = FakeServer(held={f"public.t{n}": [5] for n in range(5)})
    session = FakeSession(server, "app")
    watch = ColumnWatch(HOUR, at_once=2)
    sequences = [fed(n) for n in range(5)]
    positions = {n: At(1) for n in range(5)}
    asked, unknown = [], []

    for now in range(6):
        before = server.questions
        watch.look(session, sequences, now)
        asked.append(server.questions - before)
        watch.confirm(session, positions, in_recovery=False, now=now)
        unknown.append(sum(watch.sights(s) == (Unseen.PENDING,) for s in sequences))

    assert asked == [2, 2, 1, 0, 0, 0]
    assert unknown[-1] == 0


@dataclass
class Stubborn(FakeSession):
    """A session that for a while answers nothing about columns."""

    refusal: Unseen | None = None

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        answers = super().answers(questions)
        return dict.fromkeys(answers, self.refusal) if self.refusal else answers


def test_what_there_was_no_time_for_is_asked_in_the_next_round() -> None:
    server = FakeServer(values={0: 1}, held={"public.t0": [500]})
    session = Stubborn(server, "app", refusal=Unseen.PENDING)
    watch = ColumnWatch(HOUR)
    seen = []

    for now, refusal in enumerate((Unseen.PENDING, None)):
        session.refusal = refusal
        watch.look(session, [fed(0)], now)
        watch.confirm(session, {0: At(1)}, in_recovery=False, now=now)
        seen.append(watch.sights(fed(0)))

    assert seen == [(Unseen.PENDING,), (Taken(nearest=500, furthest=500),)]


def test_a_suspicion_that_cannot_be_confirmed_is_not_dropped() -> None:
    server = FakeServer(values={0: 1}, held={"public.t0": [500]})
    session = Stubborn(server, "app")
    watch = ColumnWatch(HOUR)
    sequences = [fed(0)]
    seen = []

    watch.look(session, sequences, 0)
    for now, refusal in enumerate((Unseen.LOCKED, None)):
        session.refusal = refusal
        watch.look(session, sequences, now)
        watch.confirm(session, {0: At(1)}, in_recovery=False, now=now)
        seen.append(watch.sights(fed(0)))

    assert seen == [(Unseen.PENDING,), (Taken(nearest=500, furthest=500),)]


def test_a_look_that_stands_alone_leaves_nothing_out_over_one_session_at_a_time() -> (
    None
):
    many = AT_ONCE * 2 + 1
    server = FakeServer(
        contents={"app": [fed(n) for n in range(many)]},
        held={f"public.t{n}": [5] for n in range(many)},
    )

    status = Sampler(server, "app", plan=SamplingPlan(), clock=stopped_clock()).sample()

    assert {s.behind for s in status.sequences} == {4}
    assert server.most_opened == 1


def test_a_sequence_that_cannot_be_read_is_not_called_behind() -> None:
    server = FakeServer(held={"public.t0": [500]})
    session = FakeSession(server, "app")
    watch = ColumnWatch(HOUR)
    denied = {0: Unreadable(Unreadability.PRIVILEGE)}

    watch.look(session, [fed(0)], 0)
    again = watch.confirm(session, denied, in_recovery=False, now=0)

    assert again == {}
