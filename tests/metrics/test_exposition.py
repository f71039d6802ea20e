from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.lost import MISSING
from agent.domain.pace import Thresholds
from agent.domain.sequences import At, Reading
from agent.domain.status import DatabaseStatus, SequenceStatus, assess
from agent.metrics.exposition import Detail, Exposition
from agent.metrics.families import FAMILIES, DatabaseFamily
from agent.metrics.lines import Format, sample_line
from tests.domain.statuses import (
    BIGINT,
    NOON,
    SCORECARDS,
    USAGE,
    USERS_ID,
    VANISHED,
    broken,
    database_of,
    left_out,
    status_of,
    unread,
    used,
)
from tests.metrics.bodies import gzip_text, plain_text
from tests.metrics.fleet import assessed_again, fleet, next_round

LATER = NOON + timedelta(minutes=1)


def shown(*rounds: DatabaseStatus, detail: Detail = Detail.ALL) -> str:
    exposition = Exposition(detail)
    for status in rounds:
        exposition.publish(status)
    return text_of(exposition)


def with_past(*sequences: SequenceStatus) -> DatabaseStatus:
    return replace(database_of(*sequences), scorecards=SCORECARDS)


def text_of(exposition: Exposition) -> str:
    return plain_text(exposition.blocks(Format.TEXT)).decode()


def lines_with(text: str, part: str) -> list[str]:
    return [line for line in text.splitlines() if part in line]


def test_nothing_is_shown_before_the_first_round() -> None:
    assert shown() == ""


def test_a_family_without_samples_has_no_header() -> None:
    assert "pg_sequence_last_value" not in shown(database_of(unread()))


def test_samples_of_all_databases_stand_under_one_header_sorted_by_name() -> None:
    text = shown(*(database_of(used(5), datname=n) for n in ("b", "c", "a")))

    helped, *others = lines_with(text, "pg_sequence_last_value")
    assert helped.startswith("# HELP pg_sequence_last_value ")
    assert [line.split(",schemaname")[0] for line in others] == [
        "# TYPE pg_sequence_last_value gauge",
        'pg_sequence_last_value{server="primary",datname="a"',
        'pg_sequence_last_value{server="primary",datname="b"',
        'pg_sequence_last_value{server="primary",datname="c"',
    ]


def test_families_stand_in_the_order_of_their_table() -> None:
    text = shown(with_past(replace(used(95), usage=USAGE)), broken(), left_out())

    headers = [line.split(" ")[2] for line in lines_with(text, "# TYPE")]

    expected = [family.name for family in FAMILIES]
    # No column is fed here.
    expected.remove("pg_sequence_column_used_ratio")
    expected.remove("pg_sequence_behind_values")
    assert headers == expected


def test_a_database_that_could_not_be_read_shows_only_that() -> None:
    text = shown(broken())

    samples = [line for line in text.splitlines() if not line.startswith("#")]

    assert samples == ['sequence_agent_database_up{server="primary",datname="dark"} 0']


def test_a_database_that_is_left_out_shows_only_that() -> None:
    text = shown(left_out())

    samples = [line for line in text.splitlines() if not line.startswith("#")]

    assert samples == [
        'sequence_agent_database_excluded{server="primary",datname="closed",reason="no_privilege"} 1'
    ]


def test_sequences_leave_when_their_database_cannot_be_read_any_more() -> None:
    text = shown(database_of(used(5), datname="dark"), broken())

    assert "schemaname" not in text
    assert "pg_sequences{" not in text


def test_the_last_success_stays_through_failures() -> None:
    failure = replace(broken(), sampled_at=LATER)

    text = shown(database_of(datname="dark"), failure, failure)

    [line] = lines_with(text, "timestamp_seconds{")
    assert line.endswith(f" {NOON.timestamp()!r}")


def test_the_last_success_moves_with_the_next_one() -> None:
    again = replace(database_of(datname="dark"), sampled_at=LATER)

    text = shown(database_of(datname="dark"), broken(), again)

    [line] = lines_with(text, "timestamp_seconds{")
    assert line.endswith(f" {LATER.timestamp()!r}")


def test_what_is_forgotten_leaves_with_all_its_series() -> None:
    exposition = Exposition()
    exposition.publish(database_of(used(5), datname="gone"))
    exposition.publish(database_of(used(5), datname="kept"))

    exposition.forget("primary", "gone")
    exposition.forget("primary", "never seen")

    assert "gone" not in text_of(exposition)
    assert "kept" in text_of(exposition)


def test_a_dropped_sequence_leaves_in_the_next_round() -> None:
    both = database_of(used(5, "dropped"), used(5, "stays"))

    text = shown(both, database_of(used(5, "stays")))

    assert "dropped" not in text
    assert 'sequencename="stays"' in text


def test_a_sequence_that_vanished_during_the_round_is_in_no_series() -> None:
    text = shown(database_of(used(5, "stays"), unread(VANISHED, "vanished")))

    assert "vanished" not in text


def test_of_a_sequence_that_a_column_misses_there_is_its_finding_alone() -> None:
    lost = assess(
        Reading(sequence=BIGINT, position=MISSING),
        thresholds=Thresholds(),
        role="agent",
        lost=(USERS_ID,),
    )

    text = shown(database_of(used(5, "stays"), lost))

    (line,) = lines_with(text, "users_id_seq")
    assert line == (
        'pg_sequence_finding{server="primary",datname="app",schemaname="public",'
        'sequencename="users_id_seq",kind="sequence_missing",severity="critical",'
        'acknowledged="false"} 1'
    )
    assert 'state="missing"' not in text


def test_how_far_behind_is_shown_where_it_is_known() -> None:
    fed = replace(BIGINT, columns=(USERS_ID,))
    known = replace(status_of(fed, At(5)), behind=7)
    unknown = status_of(replace(fed, oid=2, name="unknown"), At(5))

    text = shown(database_of(known, unknown))

    (line,) = lines_with(text, "pg_sequence_behind_values{")
    assert line.endswith('sequencename="users_id_seq"} 7')


def test_a_renamed_sequence_shows_its_new_name_only() -> None:
    before = status_of(BIGINT, At(5))
    after = status_of(replace(BIGINT, name="renamed"), At(5))

    text = shown(database_of(before), database_of(after))

    assert BIGINT.name not in text
    assert 'sequencename="renamed"' in text


def test_aggregate_leaves_the_families_of_databases_only() -> None:
    status = with_past(replace(used(95), usage=USAGE))
    everything = shown(status)

    aggregate = shown(status, detail=Detail.AGGREGATE)

    assert "schemaname" not in aggregate
    assert everything.endswith(aggregate)
    assert len(lines_with(aggregate, "# TYPE")) == sum(
        isinstance(family, DatabaseFamily) for family in FAMILIES
    ) - len(["sequence_agent_database_excluded"])


@pytest.mark.parametrize("detail", Detail)
def test_the_detail_can_change_while_running(detail: Detail) -> None:
    exposition = Exposition(next(d for d in Detail if d is not detail))
    exposition.publish(database_of(used(95), datname="dark"))

    exposition.show(detail)
    exposition.publish(database_of(used(95), datname="dark"))

    assert text_of(exposition) == shown(
        database_of(used(95), datname="dark"), detail=detail
    )


def test_a_change_of_detail_keeps_the_last_success() -> None:
    exposition = Exposition()
    exposition.publish(database_of(datname="dark"))

    exposition.show(Detail.AGGREGATE)
    exposition.publish(broken())

    assert repr(NOON.timestamp()) in text_of(exposition)


def test_a_lone_surrogate_in_a_name_does_not_cost_the_scrape() -> None:
    text = shown(database_of(used(5, "odd\udc80"), used(5, "fine")))

    assert 'sequencename="odd?"' in text
    assert 'sequencename="fine"' in text


def test_a_value_that_is_no_number_is_an_absent_sample() -> None:
    assert sample_line("x", 'a="b"', ((), float("nan"))) == ""


def test_infinity_is_spelled_as_both_formats_want_it() -> None:
    assert sample_line("x", 'a="b"', ((), float("inf"))) == 'x{a="b"} +Inf\n'
    assert sample_line("x", 'a="b"', ((), float("-inf"))) == 'x{a="b"} -Inf\n'


def test_rounds_of_many_threads_all_arrive() -> None:
    exposition = Exposition()
    statuses = [database_of(used(5), datname=f"db{i}") for i in range(200)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(exposition.publish, statuses))

    assert len(lines_with(text_of(exposition), "database_up{")) == len(statuses)


def test_gzip_holds_the_same_bytes() -> None:
    exposition = Exposition()
    exposition.publish(fleet(1_000))
    blocks = exposition.blocks(Format.TEXT)

    assert gzip.decompress(gzip_text(blocks)) == plain_text(blocks)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
def test_a_later_round_reads_like_a_first_one(size: int) -> None:
    first = fleet(size)
    second = next_round(first, every=3)
    third = replace(second, sequences=second.sequences[1:])
    fourth = replace(first, sequences=first.sequences[::-1])

    assert shown(first, second) == shown(second)
    assert shown(first, second, third) == shown(third)
    assert shown(first, second, third, fourth) == shown(fourth)


def test_equal_rounds_share_their_blocks() -> None:
    exposition = Exposition()
    status = fleet(1_000)
    exposition.publish(status)
    before = exposition.blocks(Format.TEXT)

    exposition.publish(status)
    exposition.publish(assessed_again(status))

    after = exposition.blocks(Format.TEXT)
    assert all(a is b for a, b in zip(after, before, strict=True))


def test_one_new_value_costs_only_the_blocks_that_show_it() -> None:
    exposition = Exposition()
    status = fleet(1_000)
    exposition.publish(status)
    before = exposition.blocks(Format.TEXT)

    exposition.publish(next_round(status, every=1_000))

    after = exposition.blocks(Format.TEXT)
    fresh = [a.text for a, b in zip(after, before, strict=True) if a is not b]
    assert [text.split(b"{")[0].decode() for text in fresh] == [
        "pg_sequence_last_value",
        "pg_sequence_used_ratio",
        "pg_sequence_remaining_values",
        "pg_sequence_consumed_values_total",
        "pg_sequence_column_used_ratio",
        "sequence_agent_last_sample_timestamp_seconds",
    ]
