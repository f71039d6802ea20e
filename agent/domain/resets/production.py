"""What people call the environment that must never be reset."""

from __future__ import annotations

import re
import unicodedata

_PRODUCTION = frozenset(
    {"live", "prd", "prod", "production", "productive", "produktion", "produktiv"}
)
_NEGATIONS = frozenset({"no", "non", "not", "pre"})


def means_production(text: str) -> bool:
    """Whether a name or a remark has a word for production that no word before negates.

    >>> [means_production(text) for text in ("Production", "eu-prod2", "LIVE")]
    [True, True, True]
    >>> [means_production(text) for text in ("staging", "pre-prod", "non_production")]
    [False, False, False]
    >>> means_production("Copy of production, anonymised")
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = re.findall(r"[^\W\d_]+", plain)
    return any(
        word in _PRODUCTION and before not in _NEGATIONS
        for before, word in zip(["", *words], words, strict=False)
    )
