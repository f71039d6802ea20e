"""Defaults that a role or a database may have, each of which could change an answer."""

from __future__ import annotations

DEFAULTS = (
    "DateStyle = 'SQL, DMY'",
    "DateStyle = 'German'",
    "DateStyle = 'Postgres, MDY'",
    "IntervalStyle = 'sql_standard'",
    "IntervalStyle = 'iso_8601'",
    "TimeZone = 'America/St_Johns'",
    "standard_conforming_strings = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "default_transaction_deferrable = on",
    "default_transaction_read_only = on",
    "quote_all_identifiers = on",
    "bytea_output = 'escape'",
    "transform_null_equals = on",
    "array_nulls = off",
    "search_path = ''",
    "client_encoding = 'LATIN1'",
    "synchronous_commit = off",
    "xmloption = 'document'",
)
# Of the role: a database's would end what the tests themselves ask.
TIMEOUTS = (
    ("statement_timeout = '20ms'", 13),
    ("lock_timeout = '20ms'", 13),
    ("idle_in_transaction_session_timeout = '100ms'", 13),
    ("idle_session_timeout = '100ms'", 14),
    ("transaction_timeout = '100ms'", 17),
)
