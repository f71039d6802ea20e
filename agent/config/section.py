"""What every part of a configuration has in common."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

T = TypeVar("T")


class Section(BaseModel):
    """A frozen mapping of known keys."""

    # A validation error that strays into a log must not carry a DSN along.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, given: object) -> object:
        # 'listen:' with everything under it commented out.
        return {} if given is None else given


def _empty_means_none_listed(given: object) -> object:
    return () if given is None else given


def _at_least_one(items: tuple[T, ...]) -> tuple[T, ...]:
    if not items:
        raise ValueError("must not be empty")
    return items


Listed = Annotated[tuple[T, ...], BeforeValidator(_empty_means_none_listed)]
"""A list that may be left empty: `jobs:` with nothing under it."""

# Not pydantic's own min_length: it counts only items without mistakes.
NonEmpty = Annotated[
    Listed[T], AfterValidator(_at_least_one), Field(json_schema_extra={"minItems": 1})
]
