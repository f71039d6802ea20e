"""Of how many columns it is said that they are known, and why not of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cli.report import footer
from agent.domain.columns_known import REMEDY, known_in_words
from agent.domain.pace import Thresholds
from agent.domain.sequences import At, Reading
from agent.domain.status import DatabaseStatus, assess
from agent.domain.taken import CLEAR, Sight, Taken, Unseen
from agent.domain.verdict import verdict
from tests.domain.statuses import BIGINT, USERS_ID, database_of


def database(*sights: Sight) -> DatabaseStatus:
    """A sequence and its column for each."""
    return database_of(
        *(
            assess(
                Reading(
                    sequence=replace(
                        BIGINT,
                        name=f"s{number}",
                        columns=(replace(USERS_ID, table_name=f"t{number}"),),
                    ),
                    position=At(10),
                ),
                thresholds=Thresholds(),
                role="agent",
                sights=(sight,),
            )
            for number, sight in enumerate(sights)
        )
    )


def test_nothing_is_said_where_all_is_known() -> None:
    known = database(CLEAR, Taken(nearest=11, furthest=11))

    assert known_in_words([known]) == ""
    assert len(footer([known], verbose=False)) == 2


def test_not_behind_is_told_from_not_known_with_what_would_help() -> None:
    seen = database(CLEAR, Unseen.ROW_SECURITY, Unseen.NO_PRIVILEGE, Unseen.LEFTOVER)

    assert footer([seen], verbose=False)[-3:] == [
        "behind its column: known of 1 of 3 columns",
        f"  1 no privilege (public.t2.id): {REMEDY[Unseen.NO_PRIVILEGE]}",
        f"  1 row security (public.t1.id): {REMEDY[Unseen.ROW_SECURITY]}",
    ]


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (Unseen.ROW_SECURITY, "ALTER ROLE <role> BYPASSRLS"),
        (Unseen.NO_PRIVILEGE, "grants --role <role> --for columns"),
    ],
)
def test_the_remedy_is_one_that_works(reason: Unseen, remedy: str) -> None:
    assert remedy in REMEDY[reason]


def test_every_reason_has_its_remedy() -> None:
    assert set(REMEDY) == set(Unseen)


def test_a_check_that_is_fine_says_of_how_many_columns_it_cannot_tell() -> None:
    answer = verdict(
        [database(CLEAR, Unseen.COMPUTED, Unseen.NO_INDEX)], thresholds=Thresholds()
    )

    assert answer.level == 0
    assert answer.summary.endswith(
        "; behind its column: known of 1 of 3 columns, no limit known of 1 that compute"
    )
