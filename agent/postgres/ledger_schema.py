"""The schema `sequence_agent` of a target: whether it is ours, and of which layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import errors

from agent.postgres.administering import Administration, ArmingError
from agent.postgres.facts.schema import DefinitionLine, fault_of
from agent.postgres.queries import query

# What leads from each layout to the next. The first begins with an empty schema. A
# released one never changes: whoever has it would be told that it is newest.
_STEPS = (
    (
        "arm_create_version",
        "arm_create_environment",
        "arm_create_job_run",
        "arm_create_hold_marker",
        "arm_close",
    ),
    (
        "arm_identify_jobs",
        "arm_index_job_run",
        "arm_create_prune_runs",
        "arm_close",
    ),
)
NEWEST = len(_STEPS)

# What each layout adds to the one before.
_ADDED = (
    frozenset(
        {
            "table sequence_agent.version",
            "table sequence_agent.environment",
            "table sequence_agent.job_run",
            "function sequence_agent.hold_marker()",
        }
    ),
    frozenset({"function sequence_agent.prune_runs()"}),
)
_WAY_OUT = (
    "give it another name with ALTER SCHEMA sequence_agent RENAME TO …, or drop it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The schema as it was found; layout 0 is an empty one."""

    owner: str
    layout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    owner: str
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    identity: str
    owners: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    number: int


def schema_of(doing: Administration) -> Schema | None:
    """The schema, if it is there; raises ArmingError where it is not safe to write to."""
    found = doing.rows(query("arm_schema"), _Schema)
    if not found:
        return None
    owner = found[0].owner
    if not found[0].trusted:
        raise ArmingError(
            f"the schema sequence_agent belongs to {owner!r}: come as that role (a DSN"
            f" takes options='-c role=…'), or {_WAY_OUT}"
        )
    return Schema(owner=owner, layout=_layout(doing))


def upgrade(doing: Administration, schema: Schema | None) -> None:
    """Make the schema, or bring it up to the newest layout."""
    if schema is None:
        doing.run(query("arm_create_schema"))
    layout = schema.layout if schema else 0
    for steps in _STEPS[layout:]:
        for step in steps:
            doing.run(query(step))
    if layout < NEWEST:
        doing.run(query("arm_set_version"), {"number": NEWEST})


def refuse_altered(doing: Administration) -> None:
    """Raise ArmingError where resets would not believe the schema as it is now."""
    rows = doing.rows(query("schema_definition"), DefinitionLine)
    if fault := fault_of([row.line for row in rows]):
        raise ArmingError(f"{fault}: put that right, or {_WAY_OUT}")


def refuse_newer(schema: Schema) -> None:
    if schema.layout > NEWEST:
        raise ArmingError(
            "the schema sequence_agent was made by a newer sequence-agent (its layout is"
            f" {schema.layout}, the newest known here is {NEWEST}): use that release"
        )


def _layout(doing: Administration) -> int:
    objects = doing.rows(query("arm_objects"), _Object)
    if not objects:
        return 0
    found = {each.identity for each in objects}
    if "table sequence_agent.version" not in found:
        raise _not_ours(found)
    # Not even one table of somebody else's: triggers on it would run as us.
    others = [each.identity for each in objects if not each.owners]
    if others:
        raise _not_ours(others)
    layout = _version(doing, found)
    if layout <= NEWEST and found != _objects(layout):
        _complain_of(found, _objects(layout))
    return layout


def _version(doing: Administration, found: Iterable[str]) -> int:
    try:
        versions = doing.rows(query("arm_version"), _Version)
    except errors.UndefinedColumn:
        raise _not_ours(found) from None
    if len(versions) != 1 or versions[0].number < 1:
        raise _not_ours(found)
    return versions[0].number


def _objects(layout: int) -> frozenset[str]:
    return frozenset[str]().union(*_ADDED[:layout])


def _complain_of(found: set[str], objects: frozenset[str]) -> None:
    if found - objects:
        raise _not_ours(found - objects)
    missing = ", ".join(sorted(objects - found))
    raise ArmingError(f"the schema sequence_agent lacks {missing}: {_WAY_OUT}")


def _not_ours(identities: Iterable[str]) -> ArmingError:
    first, *more = sorted(identities)
    named = f"{first} and {len(more)} more" if more else first
    return ArmingError(
        f"the schema sequence_agent holds what sequence-agent did not make ({named}):"
        f" {_WAY_OUT}"
    )
