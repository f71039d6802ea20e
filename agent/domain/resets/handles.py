"""Gates about sequences: that each may be moved, and nobody else counts on it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.domain.resets.facts import RelationKind, Unknown
from agent.domain.resets.restarts import Restart, bases_of, used_elsewhere
from agent.domain.resets.resync import Follower, furthest, past
from agent.domain.resets.verdicts import Answer, Case, listed, unless
from agent.domain.sequences import Link, Unreadability, Unreadable

_STATEMENTS = 10


def sequence_missing(case: Case) -> Answer:
    present = {each.definition.qualified for each in case.catalog.sequences}
    return unless(
        (f"{n} does not exist" for n in case.job.exact_sequences if n not in present),
        remedy="correct sequences of the job",
    )


def shared_sequence(case: Case) -> Answer:
    restarted = {each.oid: each.qualified for each in case.scope.restarts}
    feeds = list(used_elsewhere(restarted, case.scope.table_oids, case.catalog))
    triggered = [f for f in feeds if 0 in bases_of(f.table_oid, case.catalog)]
    views = [f for f in feeds if _is_view(f.table_oid, case) and f not in triggered]
    remedy = (
        "that column keeps its rows and would meet their values again: list its table"
        " too, or do not restart the sequence"
    )
    if views:
        under = {oid for f in views for oid in bases_of(f.table_oid, case.catalog)}
        left = sorted(case.name_of(oid) for oid in under - case.scope.table_oids)
        remedy += f"; under the view there is {listed(left) or 'no table'}"
    if triggered:
        remedy += "; a trigger decides where rows of the view go: " + _no_default(
            case.relations[triggered[0].table_oid].quoted, triggered[0].column
        )
    return unless(
        (
            f"{restarted[feed.sequence_oid]} ({feed.link.value} of {case.column_of(feed)})"
            for feed in feeds
        ),
        remedy=remedy,
    )


def _is_view(oid: int, case: Case) -> bool:
    relation = case.relations.get(oid)
    return relation is not None and relation.kind is RelationKind.VIEW


def _no_default(view: str, column: str) -> str:
    name = column.replace('"', '""')
    return f'ALTER VIEW {view} ALTER "{name}" DROP DEFAULT;'


def not_owner_of_sequence(case: Case) -> Answer:
    """Ownership, or a membership that is inherited; and the way to the sequence."""
    foreign = [
        each
        for each in case.scope.chosen
        if not (each.sequence.ours and each.sequence.reachable)
    ]
    return unless(
        (f"{each.qualified} of {each.sequence.owner}" for each in foreign),
        remedy=" ".join(list(_ownership(foreign, case))[:_STATEMENTS]),
    )


def _ownership(foreign: list[Restart | Follower], case: Case) -> Iterator[str]:
    """Statements for whoever administers the server; each works as it stands."""
    server = case.catalog.server
    hidden = [e.sequence.definition for e in foreign if not e.sequence.reachable]
    if hidden:
        schemas = ", ".join(sorted({each.quoted_schema for each in hidden}))
        yield f"GRANT USAGE ON SCHEMA {schemas} TO {server.role};"
    others = [each.sequence for each in foreign if not each.sequence.ours]
    owners = sorted({s.owner for s in others if not s.owner_is_superuser})
    if owners:
        # A membership of before 16 always gives what INHERIT TRUE gives since.
        inherited = " WITH INHERIT TRUE" if server.major >= 16 else ""
        yield f"GRANT {', '.join(owners)} TO {server.role}{inherited};"
    # Membership in a superuser would let the role arm by itself.
    owned = [s for s in others if s.owner_is_superuser]
    yield from dict.fromkeys(
        _hand_over(s.oid, s.definition.quoted, case) for s in owned
    )


def _hand_over(sequence_oid: int, sequence: str, case: Case) -> str:
    """An owned sequence has the owner of its table, always."""
    tables = [
        case.relations[feed.table_oid].quoted
        for feed in case.catalog.feeds
        if feed.sequence_oid == sequence_oid and feed.link is not Link.DEFAULT
    ]
    kind, name = ("TABLE", tables[0]) if tables else ("SEQUENCE", sequence)
    return f"ALTER {kind} {name} OWNER TO {case.catalog.server.role};"


def computed_default(case: Case) -> Answer:
    """A sequence is never moved by a column that holds other values than its own."""
    computed = {f: e.qualified for e in case.scope.moved for f in e.computed}
    return unless(
        (
            f"{case.column_of(feed)} computes its values from {name}"
            for feed, name in computed.items()
        ),
        remedy="they do not say where the sequence has to stand: leave the table out, or"
        " name the column in allow.computed_defaults, and no sequence is moved by it",
    )


def unreadable(case: Case) -> Answer:
    """A resync that does not know where a sequence or its rows are moves nothing."""
    asked = [
        each
        for each in case.scope.followers
        # Other gates refuse these.
        if not each.computed
        and case.scope.trust.barred.isdisjoint(feed.table_oid for feed in each.feeds)
    ]
    obstacles = {e.oid: told for e in asked if (told := _obstacle(e, case))}
    hidden = [each for each in asked if each.oid in obstacles]
    return unless(
        obstacles.values(),
        remedy=" ".join(list(dict.fromkeys(_reading(hidden, case)))[:_STATEMENTS])
        or f"let {case.catalog.server.role} see all rows (BYPASSRLS), or run it when"
        " nobody holds them",
        unread=True,
    )


def _reading(hidden: list[Follower], case: Case) -> Iterator[str]:
    """Statements that let our role read; nothing where it is not for want of rights."""
    role = case.catalog.server.role
    tables = {feed.table_oid for each in hidden for feed in each.feeds}
    for table in (r for r in case.catalog.relations if r.oid in tables):
        if not table.readable:
            yield f"GRANT USAGE ON SCHEMA {table.quoted_schema} TO {role};"
            yield f"GRANT SELECT ON {table.quoted} TO {role};"
        # Nobody may lock a table who may not change it, and a stranger's has to be.
        if not table.truncatable and not table.trusted:
            yield f"GRANT TRUNCATE ON {table.quoted} TO {role};"
    for each in hidden:
        match case.measured.positions.get(each.oid):
            case Unreadable(reason=Unreadability.PRIVILEGE):
                name = each.sequence.definition.quoted
                yield f"GRANT SELECT ON SEQUENCE {name} TO {role};"
            case _:
                pass


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
    if position is None or not isinstance(value, int) or follower.computed:
        return ""
    definition = follower.sequence.definition
    after = past(definition, position, value)
    if after is None or definition.admits(after):
        return ""
    return f"{follower.qualified} ends before {value}, which its column holds"
