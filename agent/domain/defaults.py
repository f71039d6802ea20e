"""How a column's default makes its values of those of a sequence.

Read from the stored expression, as `pg_attrdef.adbin::text` has it on PostgreSQL 13 to
18: whatever prints it as SQL waits for locks on the table. What is not known to hand a
value on unchanged computes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from agent.domain.sequences import Link, Supply

# Numbers of PostgreSQL's pg_type.dat and pg_proc.dat.
_INT8, _INT2, _INT4, _TEXT, _OID, _BPCHAR, _VARCHAR, _NUMERIC = (
    20,
    21,
    23,
    25,
    26,
    1042,
    1043,
    1700,
)
_KEEPING_NUMBERS = frozenset({_INT8, _INT2, _INT4, _OID, _NUMERIC})
_KEEPING_ALL = _KEEPING_NUMBERS | {_TEXT, _BPCHAR, _VARCHAR}
_LIMITED_TEXT = frozenset({_BPCHAR, _VARCHAR})
_FIRST_OF_USERS = 16384

_VALUE = r"(?: :\w+ (?:<>|[^\s:(){}\[\]]+))"
_CONST = rf"\{{CONST{_VALUE}* :constvalue (?:<>|\d+ \[(?P<bytes>[ \d-]*)\])\}}"
_ANY_CONST = _CONST.replace("?P<bytes>", "?:")
_CALL = (
    r"\{FUNCEXPR :funcid (?P<function>\d+) :funcresulttype (?P<type>\d+)"
    r" :funcretset false :funcvariadic false :funcformat (?P<format>\d)"
    rf"{_VALUE}* :args \("
)
_CALL_END = re.compile(rf"(?P<more>(?: {_ANY_CONST})*)\){_VALUE}*\}}")
_CAST = re.compile(_CALL)
_WRAPPER = re.compile(r"\{(?:RELABELTYPE|COERCEVIAIO) :arg ")
_WRAPPER_END = re.compile(rf" :resulttype (?P<type>\d+){_VALUE}*\}}")
_DOMAIN = re.compile(r"\{COERCETODOMAIN :arg ")
_DOMAIN_END = re.compile(rf"{_VALUE}*\}}")
# nextval(regclass) of a constant, of a constant text, or of an identity column.
_NEXTVAL_CALL = (
    r"\{FUNCEXPR :funcid 1574 :funcresulttype 20"
    rf"{_VALUE}* :args \("
)
_NEXTVAL = re.compile(
    rf"{_NEXTVAL_CALL}{_ANY_CONST}\){_VALUE}*\}}"
    rf"|{_NEXTVAL_CALL}\{{FUNCEXPR :funcid 1079{_VALUE}* :args \({_ANY_CONST}\){_VALUE}*\}}"
    rf"\){_VALUE}*\}}"
    rf"|\{{NEXTVALUEEXPR{_VALUE}*\}}"
)
_CALLS_NEXTVAL = re.compile(r"\{FUNCEXPR :funcid 1574 |\{NEXTVALUEEXPR ")
_BYTES = re.compile(_CONST)


def supply(
    link: Link,
    *,
    sequence_oid: int,
    called_oids: Collection[int],
    tree: str | None,
    identity: bool,
) -> Supply:
    """How a column that is linked to a sequence is supplied by it.

    `called_oids` are the sequences that its default mentions, `tree` is that default.
    A column without one gets its values from whoever inserts, and they from nextval.
    """
    if link is Link.IDENTITY:
        return Supply.PLAIN
    if identity:
        return Supply.LEFTOVER
    if tree is None:
        return Supply.PLAIN
    if called_oids and sequence_oid not in called_oids:
        return Supply.LEFTOVER
    return Supply.PLAIN if is_plain_nextval(tree) else Supply.COMPUTED


def calls_nextval(tree: str) -> bool:
    """Whether an expression calls nextval itself, and not a function that might do so."""
    return _CALLS_NEXTVAL.search(tree) is not None


def is_rounded_nextval(tree: str) -> bool:
    """Whether a numeric with a negative scale may round a value that is nextval else."""
    return _is_nextval_under_casts(tree, rounding=True)


def is_plain_nextval(tree: str) -> bool:
    """Whether an expression is nextval under nothing but casts that keep its value.

    Not among them: casts to bits (they cut), to floats (they round), to numeric with a
    negative scale (it rounds), and whatever functions of users do.
    """
    return _is_nextval_under_casts(tree, rounding=False)


@lru_cache(maxsize=4096)
def _is_nextval_under_casts(tree: str, *, rounding: bool) -> bool:
    at, ends = 0, []
    while (core := _NEXTVAL.match(tree, at)) is None:
        begun = _cast(tree, at)
        if begun is None:
            return False
        at, end = begun
        ends.append(end)
    at = core.end()
    for end in reversed(ends):
        ended = end.match(tree, at)
        if ended is None or not _keeps(ended, rounding=rounding):
            return False
        at = ended.end()
    return at == len(tree)


def _cast(tree: str, at: int) -> tuple[int, re.Pattern[str]] | None:
    """Where the inside of a cast begins, and how the cast has to end."""
    for begin, end in ((_WRAPPER, _WRAPPER_END), (_DOMAIN, _DOMAIN_END)):
        if begun := begin.match(tree, at):
            return begun.end(), end
    call = _CAST.match(tree, at)
    if call is None or not _casts(call):
        return None
    return call.end(), _CALL_END


def _casts(call: re.Match[str]) -> bool:
    """Whether a function is there as a cast, and its result is still the number."""
    result, implicit = int(call["type"]), call["format"] == "2"
    return (
        int(call["function"]) < _FIRST_OF_USERS
        and call["format"] in {"1", "2"}
        # An explicit cast to varchar(2) cuts; what the column itself is, does not fit.
        and (result in _KEEPING_NUMBERS or (implicit and result in _LIMITED_TEXT))
    )


def _keeps(ended: re.Match[str], *, rounding: bool) -> bool:
    found = ended.groupdict()
    if (result := found.get("type")) is not None:
        return int(result) in _KEEPING_ALL
    return rounding or not _rounds(found.get("more") or "")


def _rounds(more: str) -> bool:
    """Whether the constants after the value say numeric(p, s) with a negative scale."""
    constants = list(_BYTES.finditer(more))
    if len(constants) != 1:
        return False
    stored = [int(byte) & 255 for byte in (constants[0]["bytes"] or "").split()]
    # The eight bytes of a machine word, in the order of the server's processor.
    low = stored[4:] if not any(stored[:4]) else stored[:4][::-1]
    scale = (int.from_bytes(bytes(low), "big") - 4) & 0x7FF
    return scale >= 0x400
