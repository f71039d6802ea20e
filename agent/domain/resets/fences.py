"""Gates about the target as a whole: that it is what the job says it is."""

from __future__ import annotations

from collections.abc import Iterator

from agent.domain.resets.facts import Unknown
from agent.domain.resets.production import means_production
from agent.domain.resets.verdicts import Answer, Case, Passed, Refused, unless
from agent.domain.wording import counted

_REARM = "if this is the right database, an administrator runs: sequence-agent arm"


def suspended(case: Case) -> Answer:
    if not case.job.suspended:
        return Passed()
    return Refused("the job is suspended", "set suspended: false in its configuration")


def in_recovery(case: Case) -> Answer:
    if not case.catalog.server.in_recovery:
        return Passed()
    return Refused("the server is a standby", "point the server's DSN at the primary")


def marker_missing(case: Case) -> Answer:
    found = case.catalog.marker
    if not isinstance(found, Unknown):
        return Passed(f"written by {found.armed_by}")
    return Refused(found.reason, f"{_REARM} --environment {case.job.environment}")


def marker_expired(case: Case) -> Answer:
    until = case.marker.armed_until
    if until is None:
        return Refused("the marker has no end", _REARM)
    if until <= case.catalog.server.now:
        return Refused(f"was armed until {until:%Y-%m-%d %H:%M:%S %Z}", _REARM)
    return Passed(f"armed until {until:%Y-%m-%d %H:%M:%S %Z}")


def marker_environment(case: Case) -> Answer:
    said, wanted = case.marker.environment, case.job.environment
    if said == wanted:
        return Passed(f"both say {said!r}")
    return Refused(
        f"the database is {said!r}, the configuration says {wanted!r}",
        "correct resets.environment of the server, or run this job elsewhere",
    )


def marker_protected(case: Case) -> Answer:
    if not case.marker.protected:
        return Passed()
    return Refused(
        "the marker says that this database is protected",
        "leave it alone; only an administrator can take the protection off",
    )


def marker_system_identifier(case: Case) -> Answer:
    ours, marked = case.catalog.system_identifier, case.marker.system_identifier
    if isinstance(ours, Unknown):
        return Refused(
            f"the server's identity cannot be read: {ours.reason}",
            f"GRANT EXECUTE ON FUNCTION pg_control_system() TO {_role(case)};",
        )
    if ours == marked:
        return Passed(str(ours))
    return Refused(f"the marker was made on server {marked}, this is {ours}", _REARM)


def marker_database_oid(case: Case) -> Answer:
    ours, marked = case.catalog.server.database_oid, case.marker.database_oid
    if ours == marked:
        return Passed(str(ours))
    return Refused(
        f"the marker was made in the database with oid {marked}, this has {ours}: it was"
        " restored, cloned or made anew",
        _REARM,
    )


def marker_database_name(case: Case) -> Answer:
    ours, marked = case.catalog.server.datname, case.marker.database_name
    if ours != marked:
        return Refused(
            f"the marker was made in {marked!r}, this database is {ours!r}", _REARM
        )
    if ours != case.job.database:
        return Refused(
            f"the job is for {case.job.database!r}, the connection led to {ours!r}",
            "look at what stands between the agent and the server",
        )
    return Passed(repr(ours))


def marker_writable(case: Case) -> Answer:
    return unless(
        case.catalog.marker_writers,
        remedy="connect as a role that can read the marker and not write it: a guard"
        " that can open its own gate is none",
    )


def production_declared(case: Case) -> Answer:
    return unless(
        _declared(case),
        remedy="if this is not production, its owner takes the word back",
    )


def _declared(case: Case) -> Iterator[str]:
    server, environment = case.catalog.server, case.job.environment
    if means_production(environment):
        yield f"the configuration calls it {environment!r}"
    if server.comment and means_production(server.comment):
        yield f"the database's comment is {server.comment!r}"
    for setting in case.catalog.settings:
        if setting.value != environment or means_production(setting.value):
            yield (
                f"{setting.statement} sequence_agent.environment = {setting.value!r}"
            )


def subscription(case: Case) -> Answer:
    found = case.catalog.subscriptions
    if isinstance(found, Unknown):
        return _unreadable("subscriptions", found)
    return unless(
        (
            f"subscription {n!r}"
            for n in found
            if n not in case.job.allowed.subscriptions
        ),
        remedy="another server fills this database; if that is meant, name them in"
        " allow.subscriptions",
    )


def replication_slot(case: Case) -> Answer:
    found, allowed = case.catalog.replication_slots, case.job.allowed
    if isinstance(found, Unknown):
        return _unreadable("replication slots", found)
    return unless(
        (f"logical slot {n!r}" for n in found if n not in allowed.replication_slots),
        remedy="somebody reads the changes of this database; if that is meant, name"
        " them in allow.replication_slots",
    )


def bytes_limit(case: Case) -> Answer:
    found, limit = case.catalog.server.database_bytes, case.job.limits.bytes
    told = f"the database has {counted(found, 'byte')}, limits.bytes is {limit}"
    if found <= limit:
        return Passed(told)
    return Refused(told, "raise limits.bytes, if this is the database you mean")


def plan_changed(case: Case) -> Answer:
    if case.expected_hash is None:
        return Passed("no plan to compare with")
    if case.expected_hash == case.hash:
        return Passed("as planned")
    look = f"look at it again: sequence-agent plan {case.job.name}"
    if case.expected_hash == case.job.pinned_plan:
        return Refused(
            f"the job's plan is {case.expected_hash}, now it is {case.hash}",
            f"{look}; if that is meant, write the new one to the job's plan",
        )
    return Refused(f"the plan was {case.expected_hash}, now it is {case.hash}", look)


def _unreadable(what: str, found: Unknown) -> Refused:
    return Refused(f"{what} cannot be read: {found.reason}", "let the role read them")


def _role(case: Case) -> str:
    return case.catalog.server.role
