"""What is written on: how wide it is and which characters it takes."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.wording import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A terminal with its width, or a pipe or file, as wide as needed (None)."""

    width: int | None
    encoding: str

    @property
    def blocks(self) -> bool:
        """Whether bars can be drawn."""
        return self.writable("█▏·") == "█▏·"

    @property
    def ellipsis(self) -> str:
        return "…" if self.writable("…") == "…" else "~"

    def writable(self, text: str) -> str:
        r"""The text on one line, with escapes for what must or can not be written.

        >>> Paper(width=80, encoding="ascii").writable("größe\n")
        'gr\\xf6\\xdfe\\n'
        """
        return (
            printable(text)
            .encode(self.encoding, "backslashreplace")
            .decode(self.encoding)
        )
