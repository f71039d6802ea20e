from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agent.domain.consumption.steps import Reason
from agent.domain.consumption.usage import Usage
from agent.domain.forecasting.forecast import State
from agent.domain.sequences import At, Position, SequenceDefinition, Unused
from agent.ports import Chapter
from agent.services.tracking import Seen, Tracker
from tests.domain.statuses import BIGINT, DENIED, NOON, bounded

MINUTE, HOUR, DAY = (timedelta(**{u: 1}) for u in ("minutes", "hours", "days"))
SECOND = timedelta(seconds=1)
LINE = "7/00000001"
PLENTY = 10**18


class Watch:
    """A tracker that is shown rounds, a minute apart unless said otherwise."""

    def __init__(self, tracker: Tracker | None = None, at: datetime = NOON) -> None:
        self.tracker = tracker or Tracker("primary", "app")
        self.now = at
        self.monotonic = 0.0
        self.seconds = 0

    def see(
        self,
        *positions: tuple[SequenceDefinition, Position],
        after: timedelta = MINUTE,
        line: str = LINE,
        unsettled: Sequence[int] = (),
    ) -> None:
        self.now += after
        self.monotonic += after.total_seconds()
        self.tracker.follow(
            Seen(
                at=self.now,
                order=self.monotonic,
                line=line,
                positions=positions,
                unsettled=frozenset(unsettled),
            )
        )

    def step(self, by: timedelta) -> None:
        """Set the clock, without any time passing."""
        self.now += by

    def minutes(self, number: int) -> None:
        """So many more rounds in which the sequence is called once a second."""
        for _ in range(number):
            self.seconds += 60
            self.see((BIGINT, At(self.seconds)))

    def usage(
        self, sequence: SequenceDefinition = BIGINT, remaining: int | None = PLENTY
    ) -> Usage:
        usage = self.tracker.usage(sequence, remaining, self.now)
        assert usage is not None
        return usage

    def consumed(self, sequence: SequenceDefinition = BIGINT) -> int:
        return self.usage(sequence).consumed

    def stored(self) -> Chapter:
        chapter, _ = self.tracker.changes()
        return chapter


def test_counting_begins_when_a_sequence_is_first_seen() -> None:
    watch = Watch()

    watch.see((BIGINT, At(1000)))
    watch.see((BIGINT, At(1005)))

    assert watch.consumed() == 5


def test_rates_are_not_known_at_the_first_look() -> None:
    watch = Watch()

    watch.see((BIGINT, At(1000)))

    assert watch.usage().per_second == {"1h": None, "1d": None, "7d": None}
    assert watch.usage().recent_per_second is None
    outlook = watch.usage().outlook
    assert outlook is not None
    assert outlook.state is State.INSUFFICIENT_DATA


def test_rates_are_those_of_their_windows() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))
    for hours in range(1, 24 * 8):
        # One a second, and two a second in the last hour.
        calls = 3600 * (hours if hours < 24 * 8 - 1 else hours + 1)
        watch.see((BIGINT, At(calls)), after=HOUR)

    usage = watch.usage()

    assert usage.per_second["1h"] == pytest.approx(2)
    assert usage.per_second["1d"] == pytest.approx(1 + 1 / 24, rel=0.01)
    assert usage.per_second["7d"] == pytest.approx(1 + 1 / 168, rel=0.01)


def test_a_sequence_at_rest_costs_no_more_than_a_look_at_its_last_usage() -> None:
    watch = Watch()
    watch.see((BIGINT, At(5)), after=timedelta(0))
    watch.see((BIGINT, At(5)))
    first = watch.usage()

    watch.see((BIGINT, At(5)))

    assert watch.usage() is first


def test_a_burst_is_seen_by_the_second_look() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))

    watch.see((BIGINT, At(60_000)))

    assert watch.usage().recent_per_second == pytest.approx(1000)


def test_a_burst_after_days_of_rest_is_not_watered_down_by_them() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))
    for _ in range(3 * 24 * 6):
        watch.see((BIGINT, At(0)), after=10 * MINUTE)

    watch.see((BIGINT, At(60_000)))

    assert watch.usage().recent_per_second == pytest.approx(1000)


def test_a_burst_is_over_some_minutes_after_its_end() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))
    watch.see((BIGINT, At(60_000)))
    for _ in range(3):
        watch.see((BIGINT, At(60_000)))

    assert watch.usage().recent_per_second == 0


def test_a_sequence_that_could_not_be_read_keeps_its_count_and_has_no_outlook() -> None:
    watch = Watch()
    watch.see((BIGINT, At(10)))
    watch.see((BIGINT, At(15)))

    watch.see((BIGINT, DENIED))

    assert watch.usage(remaining=None).consumed == 5
    assert watch.usage(remaining=None).outlook is None


def test_what_was_called_while_it_could_not_be_read_is_counted() -> None:
    watch = Watch()
    watch.see((BIGINT, At(10)))
    watch.see((BIGINT, DENIED))

    watch.see((BIGINT, At(17)))

    assert watch.consumed() == 7


def test_a_sequence_that_was_never_read_has_no_usage() -> None:
    watch = Watch()

    watch.see((BIGINT, DENIED))

    assert watch.tracker.usage(BIGINT, None, watch.now) is None


def test_a_sequence_restarted_during_the_round_is_taken_in_with_the_next() -> None:
    restarted = replace(BIGINT, filenode=2)
    watch = Watch()
    watch.see((BIGINT, At(100)))

    # The catalog said 1, and the value is already one of the new file.
    watch.see((BIGINT, At(3)), unsettled=[BIGINT.oid])
    watch.see((restarted, At(5)))

    assert watch.consumed(restarted) == 5
    assert watch.usage(restarted).resets == {Reason.RESTART: 1}


def test_a_renamed_sequence_goes_on_and_is_stored_under_its_new_name() -> None:
    renamed = replace(BIGINT, name="renamed")
    watch = Watch()
    watch.see((BIGINT, At(1)))
    watch.stored()

    watch.see((renamed, At(4)))

    assert watch.consumed(renamed) == 3
    (record,) = watch.stored().records
    assert (record.name, record.previous) == ("renamed", (BIGINT.schema, BIGINT.name))


def test_a_sequence_made_anew_under_its_name_goes_on() -> None:
    again = replace(BIGINT, oid=77)
    watch = Watch()
    watch.see((BIGINT, At(10)))
    watch.see()

    watch.see((again, At(4)))

    assert watch.consumed(again) == 4
    assert watch.usage(again).resets == {Reason.RECREATED: 1}


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_new_sequence_under_the_former_name_of_another_begins_anew(
    *, newest_first: bool
) -> None:
    renamed, new = replace(BIGINT, name="renamed"), replace(BIGINT, oid=77)
    watch = Watch()
    watch.see((BIGINT, At(1)))
    watch.see((BIGINT, At(4)))

    present = [(renamed, At(5)), (new, At(2))]
    watch.see(*(present[::-1] if newest_first else present))

    assert (watch.consumed(renamed), watch.consumed(new)) == (4, 0)


def test_two_sequences_that_swapped_their_names_keep_their_counts() -> None:
    left, right = bounded("left"), replace(bounded("right"), oid=2)
    watch = Watch()
    watch.see((left, At(1)), (right, At(50)))

    swapped = replace(left, name="right"), replace(right, name="left")
    watch.see((swapped[0], At(2)), (swapped[1], At(53)))

    assert [watch.consumed(s) for s in swapped] == [1, 3]


def test_in_another_cluster_a_sequence_is_known_by_its_name_and_goes_on() -> None:
    first, second = BIGINT, replace(BIGINT, oid=2, name="second")
    watch = Watch()
    watch.see((first, At(1000)), (second, At(5)))

    # A logical copy: the same names, and the other's oid.
    moved = replace(first, oid=2)
    watch.see((moved, At(1003)), line="8/00000001")

    assert watch.usage(moved).resets == {Reason.RECREATED: 1}
    assert watch.usage(moved).consumed == 3


def test_a_round_that_began_earlier_and_ends_later_changes_nothing() -> None:
    watch = Watch()
    watch.see((BIGINT, At(1)))
    watch.see((BIGINT, At(9)))
    watch.monotonic -= 120

    watch.see((BIGINT, At(5)))

    assert watch.consumed() == 8
    assert watch.usage().resets == {}


def test_tracks_go_on_where_the_stored_ones_ended() -> None:
    before = Watch()
    before.see((BIGINT, At(10)))
    before.see((BIGINT, At(15)))
    chapter = before.stored()
    resumed = Watch(Tracker("primary", "app"), at=before.now)
    resumed.tracker.resume(chapter)

    resumed.see((BIGINT, At(22)), after=7 * DAY)

    assert resumed.consumed() == 12
    assert resumed.usage().per_second["7d"] == pytest.approx(7 / (7 * 86_400), rel=0.2)


def test_a_history_read_late_is_put_in_front_of_what_was_seen() -> None:
    before = Watch()
    before.see((BIGINT, At(10)))
    before.see((BIGINT, At(15)))
    late = Watch(Tracker("primary", "app"), at=before.now)
    late.see((BIGINT, At(20)))
    late.see((replace(BIGINT, filenode=2), At(4)))

    late.tracker.resume(before.stored())

    assert late.consumed() == 5 + 5 + 4
    (record,) = late.stored().records
    assert record.consumed == 14
    assert sum(day.calls for day in record.days) == 14


def test_only_what_moved_is_stored() -> None:
    idle = replace(BIGINT, oid=2, name="idle")
    watch = Watch()
    watch.see((BIGINT, At(1)), (idle, At(1)))
    assert len(watch.stored().records) == 2

    watch.see((BIGINT, At(2)), (replace(idle), At(1)))

    (record,) = watch.stored().records
    assert record.name == BIGINT.name
    assert watch.stored() == Chapter()


def test_what_could_not_be_stored_is_stored_with_what_came_later() -> None:
    watch = Watch()
    watch.see((BIGINT, At(1)))
    watch.see((BIGINT, At(4)))
    lost = watch.stored()
    watch.see((BIGINT, At(9)))

    watch.tracker.unstored(lost)

    (record,) = watch.stored().records
    assert record.consumed == 8
    assert sum(day.calls for day in record.days) == 8


def test_a_dropped_sequence_is_stored_as_it_was_last_seen() -> None:
    watch = Watch()
    watch.see((BIGINT, At(1)))
    last = watch.now
    watch.see()

    (record,) = watch.stored().records

    assert not record.current
    assert record.mark.at == last


def steady(watch: Watch, *, hours: int, a_minute: int) -> None:
    watch.see((BIGINT, Unused(1)))
    for hour in range(1, hours):
        watch.see((BIGINT, At(60 * hour * a_minute)), after=HOUR)


def test_the_outlook_of_a_steady_sequence_is_what_a_child_would_say() -> None:
    watch = Watch()
    steady(watch, hours=30 * 24, a_minute=60)

    outlook = watch.usage(remaining=30 * 86_400).outlook

    assert outlook is not None
    assert outlook.p50_seconds == pytest.approx(30 * 86_400, rel=0.02)


def test_within_the_hour_an_outlook_only_ages() -> None:
    watch = Watch()
    steady(watch, hours=30 * 24, a_minute=60)
    first = watch.usage(remaining=864_000).outlook

    watch.see((BIGINT, At(60 * 60 * (30 * 24 - 1) + 60)))
    second = watch.usage(remaining=864_000 - 60).outlook

    assert first is not None
    assert second is not None
    assert first.p50_seconds is not None
    assert second.p50_seconds == pytest.approx(first.p50_seconds - 60)


def test_a_limit_that_was_moved_makes_a_new_outlook_at_once() -> None:
    watch = Watch()
    steady(watch, hours=30 * 24, a_minute=60)
    watch.usage(remaining=864_000)

    outlook = watch.usage(remaining=10 * 864_000).outlook

    assert outlook is not None
    assert outlook.p50_seconds == pytest.approx(10 * 864_000, rel=0.05)


def test_a_lone_jump_of_a_sequence_at_rest_does_not_bring_its_end_near() -> None:
    watch = Watch()
    watch.see((BIGINT, Unused(1)))
    for hour in range(30 * 24):
        watch.see((BIGINT, At(50_000 if hour > 28 * 24 else 1)), after=HOUR)

    outlook = watch.usage(remaining=1000).outlook

    assert outlook is not None
    assert outlook.state is State.IDLE


def test_the_same_history_is_answered_alike_after_a_restart() -> None:
    watch = Watch()
    steady(watch, hours=40 * 24, a_minute=7)
    after = Watch(Tracker("primary", "app"), at=watch.now)
    after.tracker.resume(watch.stored())
    for each in (watch, after):
        each.see((BIGINT, At(60 * 7 * (40 * 24 - 1) + 3)))

    assert watch.usage(remaining=10**5).outlook == after.usage(remaining=10**5).outlook


def test_a_write_that_fails_after_a_name_changed_hands_is_made_up_for() -> None:
    watch = Watch()
    x, y = replace(BIGINT, oid=1, name="x"), replace(BIGINT, oid=2, name="y")
    watch.see((x, At(1)), (y, At(1)))
    watch.see((x, At(5)), (y, At(1)))
    watch.see((replace(y, name="x"), At(1)))

    lost = watch.stored()
    watch.tracker.unstored(lost)
    again = watch.stored()

    assert sorted(r.consumed for r in again.records) == sorted(
        r.consumed for r in lost.records
    )
    assert sum(d.calls for r in again.records for d in r.days) == 4


STEPS = [90 * SECOND, 5 * HOUR, DAY, 400 * DAY]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_clock_that_is_set_back_leaves_counts_and_rates_as_they_are(
    step: timedelta,
) -> None:
    watch = Watch()
    watch.minutes(31)

    watch.step(-step)
    for minutes in range(1, 90):
        watch.minutes(1)
        usage = watch.usage()
        assert usage.consumed == 60 * (30 + minutes)
        assert usage.resets == {}
        assert usage.per_second["1h"] == pytest.approx(1)
        assert usage.recent_per_second == pytest.approx(1)

    (record,) = watch.stored().records
    assert record.fastest == pytest.approx(1)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_clock_that_is_set_ahead_for_a_while_leaves_counts_and_rates_right(
    step: timedelta,
) -> None:
    watch = Watch()
    watch.minutes(31)

    watch.step(step)
    watch.minutes(3)
    assert watch.consumed() == 60 * 33
    assert watch.usage().per_second["1h"] is not None
    watch.step(-step)
    watch.minutes(1)

    usage = watch.usage()
    assert usage.consumed == 60 * 34
    assert usage.resets == {}
    assert usage.per_second["1h"] is not None
    assert usage.recent_per_second == pytest.approx(1)
    watch.minutes(60)
    assert watch.usage().per_second["1h"] == pytest.approx(1)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_what_began_on_a_clock_that_was_ahead_is_not_waited_for(
    step: timedelta,
) -> None:
    watch = Watch(at=NOON + step)
    watch.minutes(10)

    watch.step(-step)
    watch.minutes(10)

    assert watch.usage().per_second["1h"] == pytest.approx(1)
    (record,) = watch.stored().records
    assert record.since <= NOON + 10 * MINUTE


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_what_was_stored_on_a_clock_that_was_ahead_goes_on_after_a_restart(
    step: timedelta,
) -> None:
    before = Watch(at=NOON + step)
    before.minutes(31)
    after = Watch(at=NOON + 31 * MINUTE)
    after.tracker.resume(before.stored())
    after.seconds = before.seconds

    after.minutes(3)

    usage = after.usage()
    assert usage.consumed == 60 * 33
    assert usage.resets == {}
    assert usage.per_second["1h"] is not None
    assert usage.recent_per_second == pytest.approx(1)
    (record,) = after.stored().records
    assert record.since <= after.now


def test_a_fall_while_the_clock_is_set_back_is_counted_by_the_time_that_passed() -> (
    None
):
    watch = Watch()
    watch.minutes(31)
    watch.step(-DAY)

    watch.see((BIGINT, At(500)), after=10 * MINUTE)

    assert watch.consumed() == 60 * 30 + 500
    assert watch.usage().resets == {Reason.SETVAL: 1}


def test_a_day_that_only_the_clock_leapt_over_forgets_nothing() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))
    for hours in range(1, 24 * 8):
        watch.see((BIGINT, At(3600 * hours)), after=HOUR)
    rates = watch.usage().per_second

    watch.step(1000 * DAY)
    watch.see((BIGINT, At(3600 * (24 * 8 - 1))))
    watch.step(-1000 * DAY)
    watch.see((BIGINT, At(3600 * (24 * 8 - 1))))

    assert watch.usage().per_second["7d"] == pytest.approx(rates["7d"], rel=0.01)


def test_predictions_are_not_scored_for_a_day_that_only_the_clock_leapt_over() -> None:
    watch = Watch()
    watch.see((BIGINT, At(0)))
    for hours in range(1, 24 * 40):
        watch.see((BIGINT, At(3600 * hours)), after=HOUR)
    predicted = [each for each in watch.stored().predictions if each.actual is None]
    assert predicted

    watch.step(28 * DAY)
    watch.see((BIGINT, At(3600 * 24 * 40)))

    scored = [each for each in watch.stored().predictions if each.actual is not None]
    assert [each for each in scored if each.horizon == 28] == []


def test_a_history_read_late_is_bridged_by_the_clock_as_it_is_now() -> None:
    before = Watch()
    before.minutes(10)
    after = Watch(at=before.now + 10 * MINUTE + DAY)
    after.seconds = before.seconds + 10 * 60
    after.minutes(2)
    after.step(-DAY)
    after.minutes(1)

    after.tracker.resume(before.stored())
    after.minutes(60)

    usage = after.usage()
    assert usage.consumed == after.seconds - 60
    assert usage.per_second["1d"] == pytest.approx(1, rel=0.02)
