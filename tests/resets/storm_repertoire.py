"""Which moves are made when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.resets import storm_moves as moves


@dataclass(frozen=True, kw_only=True)
class Repertoire:
    """What may be done at any time, and while a run has its tables locked."""

    early: tuple[Callable[[Random], moves.Move], ...]
    late: tuple[Callable[[Random], moves.Move], ...]

    def any(self, random: Random, *, locked: bool) -> moves.Move:
        """Mostly what need not wait, where a wait would be in vain."""
        late = locked and random.random() < 0.8
        return random.choice(self.late if late else self.early)(random)


_ONLY_NAMES: tuple[Callable[[Random], moves.Move], ...] = (
    moves.rename_table,
    moves.rename_sequence,
    moves.rename_schema,
    moves.swap_tables,
    moves.swap_free_sequences,
    moves.swap_schemas,
    moves.replace_schema,
    moves.change_owner,
    moves.put_view_for_sequence,
    moves.put_view_for_table,
    moves.put_schema_of_views,
)
ONLY_NAMES = Repertoire(
    early=_ONLY_NAMES,
    late=(
        moves.swap_free_sequences,
        moves.swap_schemas,
        moves.replace_schema,
        moves.put_view_for_sequence,
        moves.put_schema_of_views,
    ),
)
"""What `kept.put_back()` undoes."""

ALL_MOVES = Repertoire(
    early=(
        *_ONLY_NAMES,
        moves.swap_sequences,
        moves.move_to_schema,
        moves.make_anew,
        moves.put_other_table,
        moves.change_start,
        moves.change_owned_by,
        moves.add_foreign_key,
        moves.drop_foreign_key,
        moves.add_trigger,
        moves.drop_trigger,
        moves.add_child,
        moves.add_index_with_code,
        moves.add_policy_with_code,
    ),
    # None of these needs a lock on a table.
    late=(
        moves.rename_sequence,
        moves.rename_schema,
        moves.swap_sequences,
        moves.swap_free_sequences,
        moves.swap_schemas,
        moves.swap_schemas,
        moves.replace_schema,
        moves.replace_schema,
        moves.put_view_for_sequence,
        moves.put_schema_of_views,
        moves.change_start,
    ),
)
