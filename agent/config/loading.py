"""From a file to a configuration, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from agent.config import documents
from agent.config.models import Config
from agent.config.problems import ConfigError, Place, Problem
from agent.config.rules import broken_rules
from agent.config.secrets import unreadable_secrets
from agent.config.syntax import MOST_BYTES
from agent.config.wording import in_plain_words


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration; raise ConfigError with all its mistakes at once.

    Relative paths in it are meant from the folder that holds it.
    """
    return parse(read(path), path, environ)


def read(path: Path) -> bytes:
    """Read the file's bytes; raise ConfigError if there is none to read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise ConfigError([Problem(None, "", message)], str(path)) from None


def check(path: Path, environ: Mapping[str, str]) -> Config:
    """The same as `load`, and what is missing now of the secrets is a mistake too."""
    content = read(path)
    config = parse(content, path, environ)
    document = documents.parse(content, str(path), environ)
    if missing := list(document.located(unreadable_secrets(config, environ))):
        raise ConfigError(missing, str(path))
    return config


def parse(content: bytes, path: Path, environ: Mapping[str, str]) -> Config:
    """The same as `load` for content that was read from `path` already."""
    document = documents.parse(content, str(path), environ)
    mistakes = list(broken_rules(document.tree))
    try:
        config = Config.model_validate(document.tree, context={"folder": path.parent})
    except ValidationError as error:
        mistakes += _in_plain_words(error)
    else:
        if not document.problems:
            return config
    # Raised here, where no validation error is its context: those know the values.
    raise ConfigError([*document.problems, *document.located(mistakes)], str(path))


def jobs_vary(content: bytes, path: Path, environ: Mapping[str, str]) -> bool:
    """Whether it depends on the environment what jobs do, or whether they may."""
    document = documents.parse(content, str(path), environ)
    return any(_is_about_jobs(place) for place in document.varying)


def _is_about_jobs(place: Place) -> bool:
    section, *inner = place
    if section == "servers":
        return inner[1:2] in (["name"], ["resets"])
    return section in {"jobs", "suspended"}


def _in_plain_words(error: ValidationError) -> Iterator[tuple[Place, str]]:
    for details in error.errors(include_url=False):
        repeats_the_rules = not details["loc"] and details["type"] == "value_error"
        if not repeats_the_rules:
            yield details["loc"], in_plain_words(details, Config)
