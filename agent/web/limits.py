"""How long a client may take and how many there may be, so that none hurts sampling."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from datetime import timedelta

_MOST_CONNECTIONS = 128
_FEWEST_CONNECTIONS = 8
# Of all descriptors; the rest is for connections to servers, the history and files.
_SHARE_OF_DESCRIPTORS = 4
# Of all connections, so that a probe is answered while everything else is taken.
_SHARE_OF_PROBES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the clients of the port may cost, all together and one by one.

    `head` is from the connection, or from the answer before, to the end of a request's
    head; `stall` is for a client that takes nothing of its answer; `answer` is for all
    of it. Of `connections`, only `answers` may be busy with anything but probes.
    """

    connections: int
    answers: int
    head: timedelta = timedelta(seconds=10)
    stall: timedelta = timedelta(seconds=10)
    answer: timedelta = timedelta(seconds=60)


def limits_for(descriptors: int) -> Limits:
    """What a process with so many file descriptors can afford.

    >>> limits_for(1024).connections, limits_for(256).connections
    (128, 64)
    """
    share = descriptors // _SHARE_OF_DESCRIPTORS
    connections = max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, share))
    return Limits(
        connections=connections,
        answers=connections - max(2, connections // _SHARE_OF_PROBES),
    )


def limits_here() -> Limits:
    """What this process can afford."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = soft == resource.RLIM_INFINITY
    return limits_for(1 << 20 if unlimited else soft)
