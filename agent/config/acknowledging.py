"""Findings that are known and accepted, as a person writes them down."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from agent.config.scalars import Day, Name, QualifiedPattern
from agent.config.section import Section
from agent.domain.filters import NameFilter
from agent.domain.kinds import Acknowledgement, Kind

_Kind = Annotated[
    Kind, WithJsonSchema({"type": "string", "enum": [kind.value for kind in Kind]})
]


class Acknowledge(Section):
    """A finding that is known and accepted: shown as before, and no longer counted."""

    kind: _Kind = Field(description="The kind of the finding.")
    sequence: QualifiedPattern = Field(
        description="A pattern of `schema.name` of the sequences that it is about.",
        examples=["icinga.icinga_dbversion_*"],
    )
    reason: Name = Field(
        description="Why it may be so; it is shown beside the finding."
    )
    until: Day | None = Field(
        default=None,
        description="The last day, in UTC, on which it may be so; absent: for ever.",
        examples=["2027-06-30"],
    )

    @property
    def accepted(self) -> Acknowledgement:
        """The same for those who know nothing of configuration."""
        return Acknowledgement(
            kind=self.kind,
            sequences=NameFilter(include=(self.sequence,)),
            reason=self.reason,
            until=self.until,
        )
