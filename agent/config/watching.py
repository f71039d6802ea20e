"""A configuration file that may change while the agent runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from agent.config import loading
from agent.config.models import Config
from agent.config.problems import ConfigError
from agent.config.touched import last_touched

_NEVER_READ = "never read"
_GONE = "gone"


class ConfigFile:
    """A file by its path, and what its content was when it was loaded last.

    The content decides, not the time or the inode: Kubernetes swaps a symlink above
    the file, editors replace it, and a mere `touch` is no change. The caller decides how
    often to look.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ
        self._seen = _NEVER_READ
        self._touched_at: datetime | None = None

    def load(self) -> Config:
        """Read the file, good or bad; raise ConfigError.

        A broken file counts as seen, so that it is told once and not at every look.
        """
        try:
            content = loading.read(self._path)
        except ConfigError:
            self._seen = _GONE
            raise
        self._seen = _digest(content)
        config = loading.parse(content, self._path, self._environ)
        varies = loading.jobs_vary(content, self._path, self._environ)
        self._touched_at = None if varies else last_touched(self._path)
        return config

    def age(self, now: datetime) -> timedelta:
        """For how long what was loaded last has stood in the file, at the least.

        Nothing where that cannot be told: a time in the future, or jobs that depend on
        the environment, which may have been another one before the start.
        """
        if self._touched_at is None:
            return timedelta()
        return max(now - self._touched_at, timedelta())

    def changed(self) -> bool:
        """Whether the file differs from what was loaded last, or is gone or back."""
        try:
            return _digest(loading.read(self._path)) != self._seen
        except ConfigError:
            return self._seen != _GONE


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
