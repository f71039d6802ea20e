"""Which names are in and which are out, by shell-style patterns."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFilter:
    """Admits a name that some `include` pattern matches and no `exclude` pattern does.

    `*` is any text, dots included, `?` one character, `[ab]` one of these. Case
    matters on every platform, as it does to PostgreSQL. Tables and sequences are
    matched as `schema.name`, unquoted.

    >>> sequences = NameFilter(include=("public.*",), exclude=("*.tmp_*",))
    >>> sequences.admits("public.users_id_seq")
    True
    >>> sequences.admits("public.tmp_seq") or sequences.admits("Public.users_id_seq")
    False
    """

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def admits(self, *names: str) -> bool:
        """Whether a thing is in that goes by this name, or by any of these names.

        >>> NameFilter(exclude=("odd.name",)).admits("public.odd.name", "odd.name")
        False
        """
        return _match(names, self.include) and not _match(names, self.exclude)

    @property
    def literal(self) -> tuple[str, ...]:
        """The names that `include` spells out.

        >>> NameFilter(include=("app", "shop_*"), exclude=("tmp",)).literal
        ('app',)
        """
        spelt = (name for name in self.include if not set(name) & set("*?["))
        return tuple(name for name in spelt if self.admits(name))


def _match(names: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
