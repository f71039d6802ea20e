"""How far long work has come, for somebody who sits in front of a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from agent.domain.wording import printable

_PATIENCE_SECONDS = 0.7


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to tell how much is done, of how much.

    Nothing is shown in a pipe, nor while the work may still be over in a moment.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    task = shown.add_task(what, total=None)
    with _shown_when_it_takes_long(shown):
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def stages(what: str) -> Iterator[Callable[[str], None]]:
    """A function to tell what is being done now, for work without a known length."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    task = shown.add_task(what, total=None)
    with _shown_when_it_takes_long(shown):
        yield lambda stage: shown.update(task, description=printable(stage))


@contextmanager
def _shown_when_it_takes_long(shown: Progress) -> Iterator[None]:
    timer = threading.Timer(_PATIENCE_SECONDS, shown.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        shown.stop()
