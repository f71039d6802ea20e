"""From the bytes of a file to the nodes of one YAML mapping, or a plain word on why not."""

from __future__ import annotations

import re

import yaml

from agent.config.problems import ConfigError, Problem

# As much as Kubernetes puts into a ConfigMap.
MOST_BYTES = 1024 * 1024

_IN_PLAIN_WORDS = (
    (r"'\\t'", "a tab cannot indent or begin a value; use spaces"),
    (
        r"another document",
        "there is a second document; one file holds one configuration",
    ),
    (r"stream end|end of stream", "something opened here is never closed"),
    (r"expected ',' or", "a bracket opened here lacks a comma, or is never closed"),
    (
        r"undefined alias",
        "an *alias stands for no &anchor; quote a text that begins with *",
    ),
    (r"duplicate anchor", "the same &anchor is given twice"),
    (r"could not find expected ':'", "there is no colon, or no space after it"),
    (
        r"mapping values are not allowed",
        "there is a colon too many, or wrong indentation",
    ),
    (r"expected <block end>", "the indentation does not fit the lines above"),
    (
        r"cannot start any token|alphabetic or numeric",
        "a value that begins so needs quotes",
    ),
    (r"escape", "there is an unknown \\ escape in double quotes; use single quotes"),
)
_TOLD_WHERE_IT_BEGAN = "stream end|end of stream|expected ',' or|expected ':'"
_ELSE = "this is not YAML"


def compose(content: bytes, source: str) -> yaml.MappingNode:
    """Parse a file of one mapping; raise ConfigError with the one thing that is wrong."""
    root = _composed(content)
    if isinstance(root, Problem):
        raise ConfigError([root], source)
    return root


def _composed(content: bytes) -> yaml.MappingNode | Problem:
    if len(content) > MOST_BYTES:
        return Problem(None, "", "is larger than 1 MiB")
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        return _explained(error, content)
    if root is None:
        return Problem(None, "", "is empty; the least is a list of servers")
    if not isinstance(root, yaml.MappingNode):
        return Problem(
            root.start_mark.line + 1, "", "must be a mapping of keys such as 'servers:'"
        )
    return root


def _explained(error: Exception, content: bytes) -> Problem:
    match error:
        case UnicodeDecodeError():
            line = content.count(b"\n", 0, error.start) + 1
            return Problem(line, "", "is not UTF-8 text")
        case yaml.reader.ReaderError():
            text = content.decode("utf-8-sig")
            line = text.count("\n", 0, error.position) + 1
            return Problem(line, "", "there is a control character in the text")
        case yaml.MarkedYAMLError():
            return _syntax_problem(error, content)
        case RecursionError():
            return Problem(None, "", "nests too deeply")
        case _:
            return Problem(
                None, "", "there is an impossible \\U escape in double quotes"
            )


def _syntax_problem(error: yaml.MarkedYAMLError, content: bytes) -> Problem:
    # PyYAML's own words may quote the file, and so a secret: only their kind is used.
    told = f"{error.context} {error.problem}"
    begun = re.search(_TOLD_WHERE_IT_BEGAN, told)
    mark = (begun and error.context_mark) or error.problem_mark
    line = mark.line + 1 if mark else None
    message = next(
        (ours for theirs, ours in _IN_PLAIN_WORDS if re.search(theirs, told)), _ELSE
    )
    if line and "${" in _line(content, line):
        message = "inside { } or [ ], a ${VAR} needs quotes around it"
    return Problem(line, "", message)


def _line(content: bytes, number: int) -> str:
    lines = content.decode("utf-8-sig").splitlines()
    return lines[number - 1] if number <= len(lines) else ""
