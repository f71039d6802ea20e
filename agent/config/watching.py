"""A configuration file that may change while the agent runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from agent.config import loading
from agent.config.models import Config
from agent.config.problems import ConfigError

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
        return loading.parse(content, self._path, self._environ)

    def changed(self) -> bool:
        """Whether the file differs from what was loaded last, or is gone or back."""
        try:
            return _digest(loading.read(self._path)) != self._seen
        except ConfigError:
            return self._seen != _GONE


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
