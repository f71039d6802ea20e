"""A session that moves names and puts them back, without end."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg

from tests.eventually import eventually
from tests.resets.storm import SETTINGS
from tests.resets.storm_ground import Ground
from tests.resets.storm_moves import Move, put_back
from tests.resets.storm_repertoire import ONLY_NAMES


@dataclass
class Renamer:
    """Moves names and puts them back, over and over, whatever becomes of the server."""

    ground: Ground
    random: Random
    made: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        """All names are as they were in the beginning, then."""
        self._stopping.set()
        self._thread.join()
        eventually(self._put_back_by_another)

    def _live(self) -> None:
        while not self._stopping.wait(0.05):
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(self.ground.owner, autocommit=True) as connection,
            ):
                connection.execute(SETTINGS)
                while not self._stopping.wait(self._pause()):
                    self._try(connection, ONLY_NAMES.any(self.random, locked=True))
                    self._stopping.wait(self.random.uniform(0, 0.03))
                    while not self._try(connection, put_back()):
                        self._stopping.wait(0.01)

    def _pause(self) -> float:
        """Short ones, and some in which a run may come to its end."""
        return self.random.uniform(0, self.random.choice((0.05, 0.3, 0.8)))

    def _try(self, connection: psycopg.Connection[Any], move: Move) -> bool:
        try:
            connection.execute(self.ground.filled(move.script))
        except psycopg.Error:
            if connection.closed:
                raise
            self.failures += 1
            return False
        self.made[move.kind] += 1
        return True

    def _put_back_by_another(self) -> bool:
        try:
            with psycopg.connect(self.ground.owner, autocommit=True) as connection:
                connection.execute(SETTINGS)
                return self._try(connection, put_back())
        except psycopg.OperationalError:
            return False
