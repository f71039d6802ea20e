"""What keeps a database from being armed, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.resets.ledger import Marker
from agent.domain.resets.production import means_production
from agent.postgres.administering import ArmingError, ArmingRefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row of arm_target.sql."""

    database: str
    role: str
    owner: str
    administers: bool
    may_create: bool
    comment: str
    environments: Sequence[str]


def refuse_production_by_name(environment: str) -> None:
    if means_production(environment):
        raise ArmingRefusedError(
            f"the environment {environment!r} means production, which is never armed"
        )


def refuse_production(target: Target) -> None:
    for said, where in (
        *(
            (each, "the setting sequence_agent.environment")
            for each in target.environments
        ),
        (target.comment, "its comment"),
    ):
        if means_production(said):
            raise ArmingRefusedError(
                f"database {target.database!r} is production, says {where} ({said!r}):"
                " if that is wrong, change it and arm again"
            )


def refuse_another_environment(target: Target, environment: str) -> None:
    for said in filter(None, target.environments):
        if said != environment:
            raise ArmingRefusedError(
                f"the setting sequence_agent.environment of database {target.database!r}"
                f" says {said!r}, not {environment!r}: arm it as that, or change it"
            )


def need_administrator(target: Target) -> None:
    """Whoever may only make a schema here could otherwise arm what is not theirs."""
    if not target.administers:
        raise ArmingError(
            f"role {target.role!r} may not arm database {target.database!r}: only a"
            f" superuser and its owner {target.owner!r} may; come as one of them (a DSN"
            " takes options='-c role=…')"
        )


def need_create(target: Target) -> None:
    if not target.may_create:
        raise ArmingError(
            f"role {target.role!r} may not make the schema sequence_agent in database"
            f" {target.database!r}: it needs CREATE on the database, as its owner and"
            " superusers have"
        )


def refuse_protected(target: Target, marker: Marker | None) -> None:
    if marker is not None and marker.protected:
        raise ArmingRefusedError(
            f"database {target.database!r} is protected: set protected to false in"
            " sequence_agent.environment if it may be reset after all"
        )
