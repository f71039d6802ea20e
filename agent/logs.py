"""How events are written: for people on a terminal, as JSON everywhere else.

Whatever is logged, an unforeseen exception too, shows no password and no local variable,
and no name of a database makes a terminal do anything.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from agent.domain.wording import printable
from agent.secret import without_secrets

Format = Literal["auto", "console", "json"]

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(*, level: str, format_: Format) -> None:
    """Send all events, those of libraries included, to standard error."""
    on_terminal = format_ == "console" or (format_ == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_for_people() if on_terminal else _for_machines()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    threading.excepthook = _log_end_of_thread
    # What these say, the agent says better or at its own events.
    for noisy in ("alembic", "apscheduler", "psycopg", "uvicorn", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def shown(text: str) -> str:
    """A text of several lines, such as a traceback, as it may be shown to people."""
    return "\n".join(printable(line) for line in without_secrets(text).split("\n"))


def _for_people() -> list[Processor]:
    return [
        # Text, so that what the exception says can be looked through as well. Without
        # local variables, which the renderer's own way shows.
        structlog.processors.format_exc_info,
        _for_each_text(shown),
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        ),
    ]


def _for_machines() -> list[Processor]:
    return [
        structlog.processors.ExceptionRenderer(
            ExceptionDictTransformer(show_locals=False)
        ),
        _for_each_text(without_secrets),
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _for_each_text(change: Callable[[str], str]) -> Processor:
    """A processor that changes each text of an event, however deep, keys included."""

    def changed(value: object) -> object:
        match value:
            case str():
                return change(value)
            case Mapping():
                return {changed(key): changed(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [changed(item) for item in value]
            case None | bool() | int() | float():
                return value
            case _:
                return change(repr(value))

    def process(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        return {change(key): changed(value) for key, value in event_dict.items()}

    return process


def _json(event: object, **_: object) -> str:
    r"""JSON that a person can read and a terminal prints: `\u202e` stays an escape."""
    text = json.dumps(event, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Python's own hook would print what the exception says as it is."""
    error = ended.exc_value
    if error is not None and not isinstance(error, SystemExit):
        name = ended.thread.name if ended.thread else None
        structlog.get_logger().error("thread_failed", thread=name, exc_info=error)
