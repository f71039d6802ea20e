"""The document of `inspect` as text for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

from agent.domain.document import DatabaseEntry, Document, FindingEntry, SequenceEntry

_NESTED = {"columns", "findings"}
HEADER = (
    "server",
    "datname",
    *(key for key in SequenceEntry.__annotations__ if key not in _NESTED),
    "findings",
)


def json_text(document: Document) -> str:
    """JSON in plain ASCII: valid in any encoding, and no terminal acts upon it."""
    return json.dumps(document, indent=2) + "\n"


def csv_lines(document: Document) -> Iterator[str]:
    """A header and one record for each sequence; what is not known is empty."""
    yield _record(HEADER)
    for database in document["databases"]:
        for sequence in database["sequences"]:
            values = _values(database, sequence)
            yield _record([values[key] for key in HEADER])


def _values(database: DatabaseEntry, sequence: SequenceEntry) -> Mapping[str, object]:
    found = (_finding(finding) for finding in sequence["findings"])
    return {
        **{key: _plain(value) for key, value in sequence.items()},
        "server": database["server"],
        "datname": database["datname"],
        "findings": " ".join(found),
    }


def _finding(entry: FindingEntry) -> str:
    accepted = "acknowledged:" if entry["acknowledged"] else ""
    return f"{accepted}{entry['severity']}:{entry['kind']}"


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _record(values: Iterable[object]) -> str:
    # Python quotes only the line breaks of its own terminator, RFC 4180 all of them.
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(values)
    return written.getvalue().removesuffix("\r\n") + "\n"
