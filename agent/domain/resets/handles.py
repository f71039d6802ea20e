"""Gates about sequences: that each may be moved, and nobody else counts on it."""

from __future__ import annotations

from agent.domain.resets.facts import Unknown
from agent.domain.resets.restarts import used_elsewhere
from agent.domain.resets.resync import Follower, furthest, past
from agent.domain.resets.verdicts import Answer, Case, unless
from agent.domain.sequences import Unreadable


def sequence_missing(case: Case) -> Answer:
    present = {each.definition.qualified for each in case.catalog.sequences}
    return unless(
        (f"{n} does not exist" for n in case.job.sequences if n not in present),
        remedy="correct sequences of the job",
    )


def shared_sequence(case: Case) -> Answer:
    restarted = {each.oid: each.qualified for each in case.scope.restarts}
    return unless(
        (
            f"{restarted[feed.sequence_oid]} ({feed.link.value} of"
            f" {case.name_of(feed.table_oid)}.{feed.column})"
            for feed in used_elsewhere(restarted, case.scope.table_oids, case.catalog)
        ),
        remedy="that column keeps its rows and would meet their values again: list its"
        " table too, or do not restart the sequence",
    )


def not_owner_of_sequence(case: Case) -> Answer:
    owners = {each.sequence.owner for each in case.scope.chosen}
    return unless(
        (
            f"{each.qualified} of {each.sequence.owner}"
            for each in case.scope.chosen
            if not each.sequence.ours
        ),
        remedy=f"GRANT {', '.join(sorted(owners))} TO {case.catalog.server.role}; or"
        " ALTER SEQUENCE … OWNER TO",
    )


def unreadable(case: Case) -> Answer:
    """A resync that does not know where a sequence or its rows are moves nothing."""
    return unless(
        filter(None, (_obstacle(each, case) for each in case.scope.followers)),
        remedy=f"GRANT SELECT ON the sequence and its tables TO"
        f" {case.catalog.server.role};",
    )


def _obstacle(follower: Follower, case: Case) -> str:
    position = case.measured.positions.get(follower.oid)
    if position is None or isinstance(position, Unreadable):
        return f"the position of {follower.qualified}"
    value = furthest(follower, case.measured.furthest)
    if isinstance(value, Unknown):
        return f"the column of {follower.qualified}: {value.reason}"
    return ""


def out_of_range(case: Case) -> Answer:
    return unless(
        filter(None, (_beyond(each, case) for each in case.scope.followers)),
        remedy="the sequence has run out: ALTER SEQUENCE … AS bigint NO MAXVALUE",
    )


def _beyond(follower: Follower, case: Case) -> str:
    position = case.measured.positions.get(follower.oid)
    value = furthest(follower, case.measured.furthest)
    if position is None or not isinstance(value, int):
        return ""
    definition = follower.sequence.definition
    after = past(definition, position, value)
    if after is None or definition.admits(after):
        return ""
    return f"{follower.qualified} ends before {value}, which its column holds"
