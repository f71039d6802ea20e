"""Statements that go to the server together, without a wait for each answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def pipelined(connection: psycopg.Connection) -> Iterator[None]:
    """Send what the body executes at once; the server runs none after one that failed.

    Raises the error of that one, at the end of the body: psycopg would write a line into
    the log about each error that leaves a pipeline while others are outstanding.
    """
    first: psycopg.Error | None = None
    try:
        with connection.pipeline():
            try:
                yield
            except psycopg.Error as error:
                first = error
    except psycopg.Error as error:
        first = first or error
    if first is not None:
        raise first
