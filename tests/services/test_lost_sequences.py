"""Columns that have lost their sequence: the agent saw them have one."""

from __future__ import annotations

from dataclasses import replace

from agent.domain.filters import NameFilter
from agent.domain.findings import Finding, Kind, Severity
from agent.domain.sequences import FedColumn, SequenceDefinition
from agent.domain.status import State
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.selection import Selection
from agent.services.tracking import Tracker
from tests.domain.statuses import BIGINT, USERS_ID
from tests.services.fakes import FakeServer, stopped_clock

USERS = replace(BIGINT, columns=(USERS_ID,))
OTHER = replace(BIGINT, oid=7, name="other_seq", quoted="public.other_seq")


class Scene:
    """A server whose sequences come and go."""

    def __init__(
        self, *sequences: SequenceDefinition, exclude: tuple[str, ...] = ()
    ) -> None:
        self.server = FakeServer(contents={"app": list(sequences)})
        self.tracker = Tracker("fake", "app")
        self.plan = SamplingPlan(
            selection=Selection(sequences=NameFilter(exclude=exclude))
        )
        self.sampler = self._sampler()

    def _sampler(self) -> Sampler:
        return Sampler(
            self.server,
            "app",
            plan=self.plan,
            clock=stopped_clock(),
            tracker=self.tracker,
        )

    def restart(self) -> None:
        """A new agent with what the old one stored."""
        chapter, _ = self.tracker.changes()
        self.tracker = Tracker("fake", "app")
        self.tracker.resume(chapter)
        self.sampler = self._sampler()

    def becomes(self, *sequences: SequenceDefinition) -> None:
        self.server.contents["app"] = list(sequences)
        self.server.fingerprint += "+"

    def missing(self) -> dict[str, Finding]:
        """What was found by the name of the sequence."""
        return {
            status.sequence.name: finding
            for status in self.sampler.sample().sequences
            for finding in status.findings
            if finding.kind is Kind.SEQUENCE_MISSING
        }


def lose(scene: Scene, column: FedColumn = USERS_ID) -> None:
    """Drop the sequence with CASCADE, as far as the column goes."""
    scene.becomes(OTHER)
    scene.server.deprived.add(column.table)


def test_a_dropped_sequence_is_missed_by_its_column() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()

    lose(scene)
    found = scene.missing()["users_id_seq"]

    assert found.severity is Severity.CRITICAL
    assert "public.users.id" in found.message
    assert found.remedy.startswith("CREATE SEQUENCE IF NOT EXISTS public.users_id_seq")


def test_it_is_missed_for_as_long_as_nothing_is_done() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    lose(scene)

    found = [set(scene.missing()) for _ in range(3)]

    assert found == [{"users_id_seq"}] * 3


def test_an_agent_that_was_not_there_knows_it_from_its_history() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()

    lose(scene)
    scene.restart()

    assert set(scene.missing()) == {"users_id_seq"}


def test_a_table_that_is_gone_as_well_misses_nothing_and_is_forgotten() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    scene.becomes(OTHER)

    before = scene.missing()
    scene.server.deprived.add("public.users")
    after = scene.missing()

    assert (before, after) == ({}, {})


def test_a_sequence_put_back_is_not_missed() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    lose(scene)
    scene.sampler.sample()

    scene.becomes(replace(USERS, oid=99), OTHER)

    assert scene.missing() == {}


def test_one_made_again_that_nobody_calls_is_told_of() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    lose(scene)

    scene.becomes(replace(USERS, oid=99, columns=()), OTHER)
    kinds = {f.kind for s in scene.sampler.sample().sequences for f in s.findings}

    assert set(scene.missing()) == {"users_id_seq"}
    assert kinds == {Kind.SEQUENCE_MISSING, Kind.UNATTACHED}


def test_a_column_that_another_sequence_feeds_misses_nothing() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    lose(scene)

    scene.becomes(replace(OTHER, columns=(USERS_ID,)))

    assert scene.missing() == {}


def test_one_that_is_excluded_is_nobodys_business() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    scene.plan = replace(
        scene.plan,
        selection=Selection(sequences=NameFilter(exclude=("public.users*",))),
    )
    scene.restart()

    lose(scene)

    assert scene.missing() == {}


def test_a_sequence_that_cannot_be_read_for_a_while_is_not_forgotten() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    scene.server.fingerprint += "+"
    scene.sampler.sample()

    lose(scene)

    assert set(scene.missing()) == {"users_id_seq"}


def test_it_is_no_sequence_of_the_database() -> None:
    scene = Scene(USERS, OTHER)
    scene.sampler.sample()
    lose(scene)

    status = scene.sampler.sample()

    assert status.states[State.MISSING] == 1
    assert not State.MISSING.there
    assert sum(n for state, n in status.states.items() if state.there) == 1
