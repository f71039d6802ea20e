"""What can go wrong in ways that a user can mend."""

from __future__ import annotations


class AgentError(Exception):
    """Something a user can act on; each line of its text is one readable sentence."""


class MistakeError(AgentError):
    """Wrong usage or configuration, rather than something that failed."""


class RefusedError(AgentError):
    """A server that answers does not let us into one of its databases."""


class NotAdmittedError(AgentError):
    """A server lets the role not in, by its own rules: here, maybe nowhere."""


class DatabaseWantedError(AgentError):
    """Somebody needs a database for himself; it is left to him, and can be tried again."""

    def __init__(self, database: str) -> None:
        super().__init__(
            f"cannot query {database!r}: somebody copies, renames or drops it all the"
            " time, and would have to wait"
        )


class HistoryError(AgentError):
    """The history could not be read or written; sampling goes on without it."""


class NoLedgerError(AgentError):
    """The target of a job has no ledger that could be written to."""


class BusyError(AgentError):
    """A lock could not be had in time; the whole transaction may be tried again."""
