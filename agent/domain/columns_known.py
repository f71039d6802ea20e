"""Of how many columns it is known what they hold, and what would let more be known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from agent.domain.status import ColumnStatus, DatabaseStatus
from agent.domain.taken import Unseen
from agent.domain.wording import counted

_ASKED_AGAIN = "the next look asks again"
REMEDY: Mapping[Unseen, str] = {
    Unseen.COMPUTED: "none; its default makes something else of the sequence's values",
    Unseen.LEFTOVER: "none; it takes its values from elsewhere",
    Unseen.NO_INDEX: "a btree index that begins with the column",
    Unseen.NO_PRIVILEGE: (
        "sequence-agent grants --role <role> --for columns | psql -d <database>"
    ),
    Unseen.ROW_SECURITY: (
        "ALTER ROLE <role> BYPASSRLS; beside the grants for columns, which do not"
        " reach past row-level security"
    ),
    Unseen.UNTRUSTED_CODE: (
        "let a superuser own the functions in its indexes, statistics and partition"
        " keys; to ask would run them"
    ),
    Unseen.NOT_A_NUMBER: "none; its values are not compared",
    Unseen.TOO_MANY_LOCKS: "raise sampling.max_locks above its partitions and indexes",
    Unseen.PENDING: _ASKED_AGAIN,
    Unseen.LOCKED: _ASKED_AGAIN,
    Unseen.SLOW: _ASKED_AGAIN,
    Unseen.FAILED: _ASKED_AGAIN,
}


def known_in_words(databases: Iterable[DatabaseStatus]) -> str:
    """Empty where it is known of all columns."""
    columns = [column for database in databases for column in fed_columns(database)]
    known = sum(column.behind is not None for column in columns)
    if known == len(columns):
        return ""
    return (
        f"behind its column: known of {known} of {counted(len(columns), 'column')}"
        f"{_computed(columns)}"
    )


def _computed(columns: Sequence[ColumnStatus]) -> str:
    number = sum(c.behind_unknown is Unseen.COMPUTED for c in columns)
    return f", no limit known of {number} that compute" if number else ""


def fed_columns(database: DatabaseStatus) -> list[ColumnStatus]:
    """Columns that take their values from a sequence that is there."""
    return [
        column
        for status in database.sequences
        if status.state.there
        for column in status.columns
        if column.sight is not Unseen.LEFTOVER
    ]


def unknown_columns(
    databases: Iterable[DatabaseStatus],
) -> Mapping[Unseen, Sequence[tuple[DatabaseStatus, ColumnStatus]]]:
    """The columns of which it is not known what they hold, by why."""
    found: defaultdict[Unseen, list[tuple[DatabaseStatus, ColumnStatus]]]
    found = defaultdict(list)
    for database in databases:
        for column in fed_columns(database):
            if (reason := column.behind_unknown) is not None:
                found[reason].append((database, column))
    return found
