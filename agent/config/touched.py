"""When a file, or what its path leads through, was last changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# As many as Linux follows before it gives up.
_MOST_LINKS = 40


def last_touched(path: Path) -> datetime | None:
    """When what is read at a path may have become another one; None where unknown.

    Its content was written, it was put there in place of another file, or a link on the
    way was turned, as Kubernetes turns `..data`. A time that was set by hand does not
    hide it, for setting it is a change too. Folders do not count: theirs changes with
    every file beside this one.
    """
    try:
        times = [path.stat(), *(link.lstat() for link in _links(path))]
    except OSError:
        return None
    newest = max(max(each.st_mtime, each.st_ctime) for each in times)
    return datetime.fromtimestamp(newest, UTC)


def _links(path: Path) -> Iterator[Path]:
    """Every symbolic link that is followed to come to the file."""
    whole = path.absolute()
    here, ahead = Path(whole.anchor), [*reversed(whole.parts[1:])]
    left = _MOST_LINKS
    while ahead and left:
        step = here / ahead.pop()
        if not step.is_symlink():
            here = step
            continue
        yield step
        target = step.readlink()
        # An absolute one begins anew, for it replaces what it is joined to.
        here, left = here / target.anchor, left - 1
        ahead += [part for part in reversed(target.parts) if part != target.anchor]
