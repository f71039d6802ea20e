"""Live traffic into the example application."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from agent.demo.application import (
    AccessLog,
    AuditLog,
    Base,
    Device,
    EnrollmentCode,
    PostureHistory,
    User,
)

_PAUSE_SECONDS = 0.1


@contextmanager
def traffic(engine: Engine) -> Iterator[None]:
    """Keep writing rows in the background while the body runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_write_rows, args=(engine, stop), name="traffic")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _write_rows(engine: Engine, stop: threading.Event) -> None:
    chance = random.Random(7)  # noqa: S311 - not a secret, and the same every time
    while not stop.wait(_PAUSE_SECONDS):
        try:
            with Session(engine) as session, session.begin():
                session.add_all(_moment(session, chance))
        except OperationalError:
            # A deadlock, as whoever locks several tables may meet: try again.
            continue


def _moment(session: Session, chance: random.Random) -> list[Base]:
    """What happens in a tenth of a second: mostly access, seldom a new user."""
    rows: list[Base] = [AccessLog() for _ in range(chance.randint(5, 20))]
    if chance.random() < 0.3:
        user = User(name=f"user {chance.randint(1, 10**6)}")
        session.add(user)
        session.flush()
        device = Device(user_id=user.id)
        session.add(device)
        session.flush()
        rows += [
            PostureHistory(device_id=device.id, score=chance.randint(0, 100)),
            EnrollmentCode(code=f"{chance.randrange(16**10):010x}"),
        ]
    if chance.random() < 0.5:
        rows.append(AuditLog(event="sign-in"))
    return rows
