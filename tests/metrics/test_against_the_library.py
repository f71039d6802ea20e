"""Whatever the names and values: the fast path says what prometheus_client says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.exposition import choose_encoder

from agent.domain.sequences import (
    At,
    FedColumn,
    Link,
    Position,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    Unused,
)
from agent.domain.status import DatabaseStatus
from agent.metrics.exposition import Exposition
from agent.metrics.families import SequenceFamily
from agent.metrics.lines import Format, header, sample_line
from tests.domain.statuses import (
    BIGINT,
    SCORECARDS,
    USAGE,
    USERS_ID,
    database_of,
    status_of,
)
from tests.metrics.bodies import plain_text
from tests.metrics.examples import APP
from tests.metrics.parsing import PARSE
from tests.metrics.reference import ReferenceCollector

Sample = tuple[str, str, str, str, tuple[tuple[str, str], ...], float]

END = {Format.TEXT: "", Format.OPENMETRICS: "# EOF\n"}

# What PostgreSQL can hold in a name: any text but NUL; here without its 63 bytes.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
INT8 = st.integers(-(2**63), 2**63 - 1)
POSITIONS: st.SearchStrategy[Position] = st.one_of(
    st.builds(At, INT8),
    st.builds(Unused, INT8),
    st.builds(Unreadable, st.sampled_from(Unreadability), NAMES),
)
COLUMNS: st.SearchStrategy[FedColumn] = st.builds(
    replace,
    st.just(USERS_ID),
    table_name=NAMES,
    column=NAMES,
    type_name=NAMES,
    base_type=st.sampled_from(["int2", "int4", "int8", "text"]),
    link=st.sampled_from(Link),
)
SEQUENCES: st.SearchStrategy[SequenceDefinition] = st.builds(
    replace,
    st.just(BIGINT),
    oid=st.integers(1, 2**32 - 1),
    schema=NAMES,
    name=NAMES,
    increment=st.sampled_from([1, -1, 7, 2**62]),
    cycle=st.booleans(),
    columns=st.lists(
        COLUMNS, max_size=2, unique_by=lambda c: (c.table, c.column, c.link)
    ).map(tuple),
)
STATUSES = st.lists(
    st.builds(status_of, SEQUENCES, POSITIONS, usage=st.none() | st.just(USAGE)),
    max_size=4,
    unique_by=lambda s: (s.sequence.schema, s.sequence.name),
)
DATABASES: st.SearchStrategy[DatabaseStatus] = st.builds(
    lambda sequences, **names: replace(database_of(*sequences), **names),
    STATUSES,
    server=NAMES,
    datname=NAMES,
    excluded=st.integers(0, 2**40),
    scorecards=st.sampled_from([{}, SCORECARDS]),
    sampled_at=st.datetimes(timezones=st.just(UTC)),
)


def fast(statuses: list[DatabaseStatus], format_: Format) -> str:
    exposition = Exposition()
    for status in statuses:
        exposition.publish(status)
    return plain_text(exposition.blocks(format_)).decode() + END[format_]


def by_the_library(statuses: list[DatabaseStatus], format_: Format) -> str:
    encode, content_type = choose_encoder(format_.value)
    assert content_type.startswith(format_.value)
    return encode(ReferenceCollector(statuses)).decode()


def parsed(text: str, format_: Format) -> list[Sample]:
    return sorted(
        (
            family.name,
            family.type,
            family.documentation,
            sample.name,
            tuple(sorted(sample.labels.items())),
            float(sample.value),
        )
        for family in PARSE[format_](text)
        for sample in family.samples
    )


@pytest.mark.parametrize("format_", Format, ids=lambda f: f.name)
@settings(deadline=None)
@given(
    statuses=st.lists(DATABASES, max_size=3, unique_by=lambda d: (d.server, d.datname))
)
def test_the_fast_path_says_what_the_library_says(
    statuses: list[DatabaseStatus], format_: Format
) -> None:
    ours = parsed(fast(statuses, format_), format_)

    assert ours == parsed(by_the_library(statuses, format_), format_)


@pytest.mark.parametrize("format_", Format, ids=lambda f: f.name)
def test_every_state_and_a_hostile_name_read_alike(format_: Format) -> None:
    ours = parsed(fast([APP], format_), format_)

    assert ours == parsed(by_the_library([APP], format_), format_)


@settings(deadline=None)
@given(value=INT8)
def test_integers_of_64_bits_read_back_exactly(value: int) -> None:
    line = sample_line("x", 'a="b"', ((), value))

    [family] = PARSE[Format.TEXT](line)

    assert family.samples[0].value == value


@settings(deadline=None)
@given(value=st.floats(allow_nan=False))
def test_floats_read_back_exactly(value: float) -> None:
    line = sample_line("x", 'a="b"', ((), value))

    [family] = PARSE[Format.TEXT](line)

    assert family.samples[0].value == value


COUNTER = SequenceFamily(
    name="pg_sequence_resets_total",
    type="counter",
    help='Resets, "back\\slash"\nand a new line.',
    samples=lambda _: [((), 3)],
)


@pytest.mark.parametrize("format_", Format, ids=lambda f: f.name)
def test_a_counter_has_the_header_that_its_format_wants(format_: Format) -> None:
    line = sample_line(COUNTER.name, 'a="b"', ((), 3))

    [family] = PARSE[format_](header(COUNTER, format_) + line + END[format_])

    assert (family.name, family.type) == ("pg_sequence_resets", "counter")
    assert family.documentation == COUNTER.help
    assert [sample.name for sample in family.samples] == [COUNTER.name]
