from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.pace import Thresholds
from agent.domain.sequences import At, Reading, Unreadable
from agent.domain.status import DatabaseStatus, SequenceStatus, assess
from agent.domain.taken import Taken
from agent.domain.verdict import Level, Verdict, verdict
from tests.domain.statuses import (
    BIGINT,
    DENIED,
    HUNDRED,
    LOCKED,
    ON_STANDBY,
    UNUSED,
    USERS_ID,
    VANISHED,
    bounded,
    broken,
    database_of,
    left_out,
    status_of,
    unread,
    used,
)


def judged(*databases: DatabaseStatus) -> Verdict:
    return verdict(databases, thresholds=Thresholds())


def judged_alone(*sequences: SequenceStatus) -> Verdict:
    return judged(database_of(*sequences))


@pytest.mark.parametrize(
    ("percents", "level"),
    [
        (1, Level.OK),
        (74, Level.OK),
        (75, Level.WARNING),
        (89, Level.WARNING),
        (90, Level.CRITICAL),
        (100, Level.CRITICAL),
    ],
)
def test_the_used_ratio_decides(percents: int, level: Level) -> None:
    assert judged_alone(used(percents)).level is level


@pytest.mark.parametrize(
    ("sequences", "level"),
    [
        ((used(95), unread(), used(80), used(1)), Level.CRITICAL),
        ((unread(), used(80), used(1)), Level.UNKNOWN),
        ((used(80), used(1)), Level.WARNING),
        ((used(1),), Level.OK),
    ],
)
def test_the_worst_wins(sequences: tuple[SequenceStatus, ...], level: Level) -> None:
    assert judged_alone(*sequences).level is level


@pytest.mark.parametrize("obstacle", [DENIED, LOCKED, ON_STANDBY])
def test_what_cannot_be_read_is_unknown(obstacle: Unreadable) -> None:
    assert judged_alone(used(1), unread(obstacle)).level is Level.UNKNOWN


def test_a_sequence_that_vanished_is_not_missed() -> None:
    assert judged_alone(used(1), unread(VANISHED)).level is Level.OK


def test_a_database_that_could_not_be_read_is_unknown_beside_a_good_one() -> None:
    assert judged(database_of(used(1)), broken()).level is Level.UNKNOWN


def test_a_database_that_is_left_out_is_neither_good_nor_bad() -> None:
    beside, alone = judged(database_of(used(1)), left_out()), judged(left_out())

    assert beside == judged(database_of(used(1)))
    assert alone.level is Level.UNKNOWN


def test_a_critical_sequence_is_louder_than_a_database_in_error() -> None:
    answer = judged(broken(), database_of(used(95)))

    assert answer.level is Level.CRITICAL
    assert answer.summary.startswith("app.public.hundred 95.0% used")
    assert "primary/dark: connection refused" in answer.summary


def test_nothing_left_is_critical_whatever_the_ratio() -> None:
    few = replace(HUNDRED, maximum=1_000, increment=999, cycle=False)
    high = Thresholds(warning_used_ratio=2.0, critical_used_ratio=3.0)
    database = database_of(status_of(few, At(1_000), high))

    assert verdict([database], thresholds=high).level is Level.CRITICAL


def test_a_harmless_cycle_never_alarms() -> None:
    assert judged_alone(used(99, cycle=True)).level is Level.OK


def test_a_cycle_into_a_unique_column_alarms() -> None:
    into_unique = replace(bounded("ids", cycle=True), columns=(USERS_ID,))

    assert judged_alone(status_of(into_unique, At(99))).level is Level.CRITICAL


@pytest.mark.parametrize(
    ("databases", "summary"),
    [
        ((), "no database found"),
        ((database_of(),), "no sequence found"),
        ((database_of(unread(VANISHED)),), "no sequence found"),
        ((replace(database_of(), excluded=3),), "no sequence found, 3 excluded"),
    ],
)
def test_seeing_nothing_is_never_a_green_light(
    databases: tuple[DatabaseStatus, ...], summary: str
) -> None:
    answer = judged(*databases)

    assert answer.level is Level.UNKNOWN
    assert answer.summary == summary


def test_one_empty_database_among_others_is_fine() -> None:
    answer = judged(database_of(used(1)), database_of(datname="empty"))

    assert answer.level is Level.OK


def test_the_worst_are_named_and_the_rest_counted() -> None:
    answer = judged_alone(
        used(76, "a"), used(91, "b"), used(80, "c"), used(100, "d"), used(99, "e")
    )

    assert answer.summary == (
        "app.public.d exhausted,"
        " app.public.e 99.0% used with 1 call left,"
        " app.public.b 91.0% used with 9 calls left and 2 more"
    )


def test_what_cannot_be_read_is_named_with_its_reason() -> None:
    answer = judged_alone(
        used(80), unread(), unread(LOCKED, "b"), unread(ON_STANDBY, "c")
    )

    assert answer.summary == (
        "app.public.hidden cannot be read, app.public.b is locked,"
        " app.public.c has no value on a standby;"
        " app.public.hundred 80.0% used with 20 calls left"
    )


def test_all_is_well_says_how_much_was_looked_at() -> None:
    answer = judged(
        database_of(used(3), status_of(BIGINT, UNUSED)),
        database_of(used(12), datname="b"),
    )

    assert str(answer).startswith(
        "SEQUENCES OK - 3 sequences in 2 databases,"
        " fullest b.public.hundred 12.0% used with 88 calls left | "
    )


def test_of_several_servers_each_is_named() -> None:
    replica = replace(database_of(used(95)), server="replica")

    answer = judged(database_of(used(1)), replica)

    assert answer.summary.startswith("replica/app.public.hundred 95.0% used")


def test_a_ratio_is_never_rounded_up_to_everything() -> None:
    almost = replace(HUNDRED, maximum=1_000_000)

    answer = judged_alone(status_of(almost, At(999_999)))

    assert "99.9% used with 1 call left" in answer.summary


def test_names_cannot_break_the_line() -> None:
    hostile = replace(HUNDRED, schema="a|b", name="x\n\x1b[31m\u202e")
    database = replace(database_of(status_of(hostile, At(95))), datname="d='|\n")

    line = str(judged(database))

    assert line.isprintable()
    assert line.count("|") == 1
    assert r"a\x7cb.x\n\x1b[31m\u202e 95.0% used" in line
    assert r"| 'primary/d\x3d''\x7c\n max_used'=95.00%;75;90;0; sequences=1" in line


def test_an_error_of_several_lines_becomes_one() -> None:
    line = str(judged(broken("refused |\nreally")))

    assert line.startswith(
        r"SEQUENCES UNKNOWN - primary/dark: refused \x7c\nreally | 'primary/dark"
    )


def test_performance_data_has_the_same_labels_whatever_is_found() -> None:
    good = judged(
        database_of(used(80), status_of(BIGINT, UNUSED)),
        database_of(used(95), unread(), datname="b"),
    )
    bad = judged(broken(datname="app"), broken(datname="b"))

    assert good.perfdata == (
        "'primary/app max_used'=80.00%;75;90;0;",
        "'primary/b max_used'=95.00%;75;90;0;",
        "sequences=4;;;0;",
        "unused=1;;;0;",
        "unreadable=1;;;0;",
        "warning=1;;;0;",
        "critical=1;;;0;",
    )
    assert bad.perfdata[:3] == (
        "'primary/app max_used'=U;75;90;0;",
        "'primary/b max_used'=U;75;90;0;",
        "sequences=0;;;0;",
    )
    assert [entry.split("=")[0] for entry in good.perfdata] == [
        entry.split("=")[0] for entry in bad.perfdata
    ]


def test_odd_thresholds_are_written_as_percents() -> None:
    thresholds = Thresholds(warning_used_ratio=0.07, critical_used_ratio=0.995)

    answer = verdict([database_of(used(1))], thresholds=thresholds)

    assert answer.perfdata[0] == "'primary/app max_used'=1.00%;7;99.5;0;"


@pytest.mark.parametrize(
    ("nearest", "level"), [(6, Level.CRITICAL), (7, Level.WARNING)]
)
def test_a_sequence_behind_its_column_is_told_of(nearest: int, level: Level) -> None:
    behind = assess(
        Reading(sequence=replace(BIGINT, columns=(USERS_ID,)), position=At(5)),
        thresholds=Thresholds(),
        role="agent",
        sights=(Taken(nearest=nearest, furthest=9),),
    )

    answer = judged_alone(behind, used(1))

    assert answer.level is level
    assert answer.summary == "app.public.users_id_seq 4 calls behind its column"
