"""Sequences of tables that subscriptions fill: behind by design, until the switch-over.

Logical replication copies rows and no sequences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from agent.domain.status import SequenceStatus
from agent.domain.wording import counted

T = TypeVar("T")


def filled_by(status: SequenceStatus) -> str | None:
    """The subscription that explains why a sequence is behind; None where none does."""
    behind = [c.column.subscription for c in status.columns if c.behind]
    return behind[0] if behind and None not in behind else None


def by_subscription(
    items: Iterable[tuple[SequenceStatus, T]],
) -> Mapping[str, Sequence[T]]:
    """What belongs to sequences that are behind because a subscription fills their tables."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for status, item in items:
        if name := filled_by(status):
            found[name].append(item)
    return found


def in_one(name: str, number: int) -> str:
    """One sentence for all sequences of a subscription."""
    return (
        f"{counted(number, 'sequence')} of tables that are filled by subscription"
        f" {name}: move {'it' if number == 1 else 'them'} at the switch-over"
    )
