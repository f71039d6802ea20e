"""Pydantic's findings in our own plain words; values are never repeated in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_Words = Callable[[ErrorDetails, type[BaseModel]], str]


def in_plain_words(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what is wrong in a few words that fit behind a path.

    `model` is the model that was validated; its keys are what is suggested.
    """
    words = _WORDS.get(error["type"], "is not valid here")
    return words if isinstance(words, str) else words(error, model)


def _unknown_key(error: ErrorDetails, model: type[BaseModel]) -> str:
    *section, key = error["loc"]
    if ":" in str(key):
        return "unknown key; is a space missing after a colon?"
    known = sorted(_model_at(model, section).model_fields)
    close = get_close_matches(str(key), known, n=1)
    if close:
        return f"unknown key; did you mean {close[0]!r}?"
    return f"unknown key; known are {', '.join(known)}"


def _model_at(model: type[BaseModel], section: Iterable[str | int]) -> type[BaseModel]:
    for step in section:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation)
    return model


def _model_in(annotation: object) -> type[BaseModel]:
    """The model in `Model`, `Model | None` or `tuple[Model, ...]`."""
    kinds = (annotation, *get_args(annotation))
    return next(
        kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)
    )


def _our_own(error: ErrorDetails, _: type[BaseModel]) -> str:
    return _context(error, "error")


def _context(error: ErrorDetails, key: str) -> str:
    return str(error.get("ctx", {}).get(key))


def _choices(error: ErrorDetails, _: type[BaseModel]) -> str:
    expected = _context(error, "expected").replace(" or ", ", ").replace("'", "")
    return f"must be one of {expected}"


def _bound(word: str, key: str) -> _Words:
    return lambda error, _: f"must be at {word} {_context(error, key)}"


def _text(error: ErrorDetails, _: type[BaseModel]) -> str:
    return "has no value" if error["input"] is None else "must be a single value"


_WORDS: Mapping[str, str | _Words] = MappingProxyType(
    {
        "missing": "is required",
        "extra_forbidden": _unknown_key,
        "value_error": _our_own,
        "literal_error": _choices,
        "enum": _choices,
        "bool_parsing": "must be true or false",
        "bool_type": "must be true or false",
        "string_type": _text,
        "tuple_type": "must be a list, such as [a, b]",
        "model_type": "must be a mapping of keys",
        "greater_than_equal": _bound("least", "ge"),
        "less_than_equal": _bound("most", "le"),
    }
)
