"""All gates, in the order in which they are shown.

A new gate is one function and its line here. No flag skips one.
"""

from __future__ import annotations

from agent.domain.resets import boundaries, fences, handles
from agent.domain.resets.job import JobKind
from agent.domain.resets.verdicts import Case, Gate, Verdict, verdict

_RESET = frozenset({JobKind.RESET})
_RESYNC = frozenset({JobKind.RESYNC})

# fmt: off
GATES: tuple[Gate, ...] = (
    # The target.
    Gate(name="suspended", ask=fences.suspended),
    Gate(name="in_recovery", ask=fences.in_recovery),
    Gate(name="marker_missing", ask=fences.marker_missing),
    Gate(name="marker_expired", ask=fences.marker_expired, needs_marker=True),
    Gate(name="marker_environment", ask=fences.marker_environment, needs_marker=True),
    Gate(name="marker_protected", ask=fences.marker_protected, needs_marker=True),
    Gate(name="marker_system_identifier", ask=fences.marker_system_identifier, needs_marker=True),
    Gate(name="marker_database_oid", ask=fences.marker_database_oid, needs_marker=True),
    Gate(name="marker_database_name", ask=fences.marker_database_name, needs_marker=True),
    Gate(name="marker_writable", ask=fences.marker_writable),
    Gate(name="production_declared", ask=fences.production_declared),
    Gate(name="subscription", ask=fences.subscription, kinds=_RESET),
    Gate(name="replication_slot", ask=fences.replication_slot, kinds=_RESET),
    Gate(name="bytes_limit", ask=fences.bytes_limit, kinds=_RESET),
    # What is in the plan.
    Gate(name="nothing_matched", ask=boundaries.nothing_matched),
    Gate(name="table_missing", ask=boundaries.table_missing),
    Gate(name="sequence_missing", ask=handles.sequence_missing),
    Gate(name="ledger", ask=boundaries.ledger),
    Gate(name="system_table", ask=boundaries.system_table),
    Gate(name="extension_table", ask=boundaries.extension_table, kinds=_RESET),
    Gate(name="temporary_table", ask=boundaries.temporary_table, kinds=_RESET),
    Gate(name="foreign_table", ask=boundaries.foreign_table, kinds=_RESET),
    Gate(name="descendant_not_listed", ask=boundaries.descendant_not_listed, kinds=_RESET),
    Gate(name="referenced_from_outside", ask=boundaries.referenced_from_outside, kinds=_RESET),
    Gate(name="shared_sequence", ask=handles.shared_sequence, kinds=_RESET),
    # What it would reach beyond itself.
    Gate(name="published_table", ask=boundaries.published_table, kinds=_RESET),
    Gate(name="subscribed_table", ask=boundaries.subscribed_table, kinds=_RESET),
    Gate(name="truncate_trigger", ask=boundaries.truncate_trigger, kinds=_RESET),
    Gate(name="untrusted_code", ask=boundaries.untrusted_code),
    Gate(name="computed_default", ask=handles.computed_default),
    # Whether it can be done.
    Gate(name="no_truncate_privilege", ask=boundaries.no_truncate_privilege, kinds=_RESET),
    Gate(name="not_owner_of_sequence", ask=handles.not_owner_of_sequence),
    Gate(name="unreadable", ask=handles.unreadable, kinds=_RESYNC, decided_under_locks=True),
    Gate(name="out_of_range", ask=handles.out_of_range, kinds=_RESYNC),
    # How much it is, and whether it is what somebody looked at.
    Gate(name="rows_limit", ask=boundaries.rows_limit, kinds=_RESET, decided_under_locks=True),
    Gate(name="plan_changed", ask=fences.plan_changed),
)
# fmt: on


def verdicts(case: Case) -> tuple[Verdict, ...]:
    """What every gate of the job's kind says; none is left out."""
    return tuple(verdict(gate, case) for gate in GATES if case.job.kind in gate.kinds)
