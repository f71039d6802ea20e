r"""A seed is cut into statements by the rules of psql, and nothing of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.resets.seeds import Aside, CopyFromStdin, Seed, SeedError, Statement
from agent.domain.resets.seeds_lexer import Assignment, assignment, pieces


def statements(text: str, *, conforming: bool = True) -> list[str]:
    found = pieces("seed.sql", text, conforming=conforming)
    return [each.sql for each in found if isinstance(each, Statement)]


def reason(text: str) -> str:
    with pytest.raises(SeedError) as error:
        list(pieces("seed.sql", text))
    return str(error.value)


# Each is one statement, whatever stands in it.
WHOLE = [
    "SELECT 1;",
    "SELECT ';';",
    "SELECT 'it''s;';",
    "SELECT 'a\\';",
    "SELECT E'it\\'s;';",
    "SELECT e'\\\\';",
    "SELECT E'a'\n'b\\';c';",
    "SELECT E'a' -- no literal yet\n'b;c';",
    "SELECT E'a'\n  -- between\n  'b\\';c';",
    "SELECT U&'d\\0061t;a', U&\"d\\0061t;a\";",
    "SELECT B'1', X'1f', N'a;b';",
    'SELECT 1 AS "a;b""c";',
    "SELECT $$;$$;",
    "SELECT $a$;$b$;$$;$a$;",
    "SELECT $ä$;$ä$;",
    "SELECT $a$ $x$a$;",
    "SELECT a$b$c FROM t;",
    "SELECT $1;",
    "SELECT 1 -- ; '\n;",
    "SELECT 1 -- ; '\r;",
    "SELECT /* ; /* ' ; */ ; */ 1;",
    "SELECT /*/ ; */ 1;",
    "SELECT /***/ 1 /**/;",
    "SELECT 1 - -1 / 2 * 3;",
    "SELECT 1 --\n;",
    "SELECT 4 @-- ;\n1;",
    "SELECT (1; 2);",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT (2));",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2; SELECT (3); SELECT 4);",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (1); SELECT 2; SELECT 3; END;",
    "SELECT typesome'x;';",
    "SELECT somee';';",
    "COPY t TO STDOUT;",
    "COPY (SELECT * FROM stdin) TO '/x;';",
    "COPY t FROM '/x;';",
    "COPY t FROM PROGRAM 'x;';",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
    (
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC"
        " SELECT CASE WHEN true THEN 1 END; SELECT 2; END;"
    ),
    "CREATE TABLE begin_ (a int);",
]
NOT_CONFORMING = [
    "SELECT 'it\\'s;';",
    "SELECT 'a\\\\';",
    "SELECT E'it\\'s;';",
    "SELECT 'a''b;';",
]


@pytest.mark.parametrize("whole", WHOLE)
def test_a_statement_ends_at_its_own_semicolon(whole: str) -> None:
    assert statements(f"{whole}\n{whole} SELECT 2") == [whole, whole, "SELECT 2"]


def test_a_parenthesis_that_nobody_opened_joins_no_statements() -> None:
    assert statements("SELECT 1); SELECT 2;") == ["SELECT 1);", "SELECT 2;"]


@pytest.mark.parametrize("whole", NOT_CONFORMING)
def test_a_backslash_escapes_where_the_session_says_so(whole: str) -> None:
    assert statements(f"{whole} SELECT 2", conforming=False) == [whole, "SELECT 2"]


@pytest.mark.parametrize("off", ["SET", "SET LOCAL", "set session"])
def test_a_seed_says_itself_whether_a_backslash_escapes(off: str) -> None:
    first = f"{off} standard_conforming_strings = off;"
    last = "SET standard_conforming_strings TO 'on';"

    found = statements(f"{first} SELECT 'a\\';b'; {last} SELECT 'a\\';")

    assert found == [first, "SELECT 'a\\';b';", last, "SELECT 'a\\';"]


def test_a_reset_ends_what_the_seed_said_of_backslashes() -> None:
    first = "SET standard_conforming_strings = off;"

    assert statements(f"{first} RESET ALL; SELECT 'a\\'; SELECT 2") == [
        first,
        "RESET ALL;",
        "SELECT 'a\\';",
        "SELECT 2",
    ]


@pytest.mark.parametrize(
    "unfinished",
    [
        "SELECT 'a;",
        'SELECT "a;',
        "SELECT $$;",
        "SELECT /* ;",
        "SELECT (1;",
        "SELECT E'\\';",
    ],
)
def test_what_does_not_end_goes_to_the_end(unfinished: str) -> None:
    assert statements(f"SELECT 1; {unfinished} SELECT 2;") == [
        "SELECT 1;",
        f"{unfinished} SELECT 2;",
    ]


@pytest.mark.parametrize(
    "text", ["", "\n", ";", " ; ;", "-- a", "/* a */", "/* /* */ */"]
)
def test_where_there_is_nothing_to_run_nothing_is(text: str) -> None:
    assert statements(text) == []


def test_a_line_is_that_of_the_first_word() -> None:
    text = "\n-- a\nSELECT 1;\n\n/* b\n*/ SELECT\n2;SELECT 3"

    found = list(pieces("seed.sql", text))

    assert [e.line for e in found if isinstance(e, Statement)] == [3, 6, 7]


# COPY.

COPY = "COPY public.users (id, name) FROM stdin;\n"


@pytest.mark.parametrize(
    ("command", "end"),
    [
        (COPY, "\\.\n"),
        (COPY.replace("\n", "\r\n"), "\\.\r\n"),
        ("copy t from STDIN with (format csv) ; -- rows\n", "\\.\n"),
        ("COPY t\n FROM /* here */\n stdin;\n", "\\.\n"),
        ("COPY t (a) FROM STDOUT;\n", "\\.\n"),
    ],
)
def test_the_rows_of_copy_are_the_lines_below_it(command: str, end: str) -> None:
    rows = "1\t'\n2\t;\\.\n \\.\n3\t$$\\\\\n"

    copied, statement = (
        each
        for each in pieces("seed.sql", f"{command}{rows}{end}SELECT 1")
        if not isinstance(each, Aside)
    )

    assert isinstance(copied, CopyFromStdin)
    assert (copied.sql, copied.data) == (command, rows)
    assert isinstance(statement, Statement)


def test_rows_have_the_number_of_their_line() -> None:
    [copied] = list(pieces("seed.sql", "\n--\nCOPY t\nFROM stdin;\n1\n\\.\n"))

    assert isinstance(copied, CopyFromStdin)
    assert (copied.line, copied.data_line) == (3, 5)


def test_rows_may_end_where_the_text_does() -> None:
    [copied] = list(pieces("seed.sql", COPY + "1\n\\."))

    assert isinstance(copied, CopyFromStdin)
    assert copied.data == "1\n"


def test_no_rows_are_rows_too() -> None:
    [copied] = list(pieces("seed.sql", "COPY t FROM stdin;\n\\.\n"))

    assert isinstance(copied, CopyFromStdin)
    assert not copied.data


@pytest.mark.parametrize("rest", ["", "1\n2\n", "1\n\\.x\n", "1\\.\n"])
def test_rows_that_do_not_end_are_told(rest: str) -> None:
    assert reason(f"SELECT 1;\nCOPY t FROM stdin;\n{rest}") == (
        "seed 'seed.sql', line 2: the rows of COPY … FROM stdin do not end in a line"
        " that is '\\.': is the file cut off?"
    )


def test_nothing_else_is_on_the_line_of_copy() -> None:
    assert reason("COPY t FROM stdin; SELECT 1;\n1\n\\.\n").startswith(
        "seed 'seed.sql', line 1: there is more behind COPY … FROM stdin; on the same"
    )


# Commands of psql.


def test_what_guards_dumps_is_left_out() -> None:
    text = "--\n\n\\restrict aB3\n\nSELECT 1;\n\n\\unrestrict aB3\n\n"

    assert statements(text) == ["SELECT 1;"]


@pytest.mark.parametrize(
    ("text", "line", "command"),
    [
        ("\\i other.sql", 1, "\\i"),
        ("SELECT 1;\n\n  \\set x 1\n", 3, "\\set"),
        ("SELECT 1 \\gexec", 1, "\\gexec"),
        ("SELECT\n(1 \\g", 2, "\\g"),
        ("\\.", 1, "\\."),
        ("\\restricted", 1, "\\restricted"),
        ("\\! ls", 1, "\\!"),
        ("CREATE FUNCTION f() \\x", 1, "\\x"),
    ],
)
def test_a_command_of_psql_is_named_with_its_line(
    text: str, line: int, command: str
) -> None:
    assert reason(text) == (
        f"seed 'seed.sql', line {line}: {command!r} is a command of psql, and a seed is"
        " run without psql: write plain SQL, or what psql makes of it"
    )


# The text.


def test_a_byte_order_mark_is_skipped() -> None:
    assert Seed("seed.sql", b"\xef\xbb\xbfSELECT 1").text() == "SELECT 1"


def test_no_byte_is_changed() -> None:
    text = "SELECT 'a\r\nb\rc\n\x0b\x1c\u2028';\r\n"

    seed = Seed("seed.sql", text.encode())

    assert seed.text() == text
    assert statements(seed.text()) == [text.removesuffix("\r\n")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"SELECT 1;\n\nSELECT '\xe4'",
            "line 3: not UTF-8: make it UTF-8, a dump with",
        ),
        (b"\n\0", "line 2: a NUL byte, which no text in PostgreSQL can hold"),
        ("SELECT 1".encode("utf-16"), "line 1: not UTF-8 but UTF-16"),
        ("SELECT 1".encode("utf-16-be"), "line 1: a NUL byte"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(content: bytes, expected: str) -> None:
    with pytest.raises(SeedError) as error:
        Seed("a b.sql", content).text()

    assert str(error.value).startswith(f"seed 'a b.sql', {expected}")


def test_what_a_seed_is_shows_nothing_of_its_text() -> None:
    seed = Seed("seed.sql", b"SECRET")

    assert seed.bytes == 6
    assert seed.sha256 == (
        "0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a"
    )
    assert "SECRET" not in repr(seed)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SET a = 1;", Assignment(name="a", value="1")),
        ("SET A TO 'b c' ;", Assignment(name="a", value="b c")),
        ("set session a=on", Assignment(name="a", value="on")),
        ("SET NAMES 'UTF8';", Assignment(name="client_encoding", value="UTF8")),
        ("SET ROLE x;", None),
        ("SET TIME ZONE 'UTC';", None),
        ("SELECT 1", None),
        ("SETTING = 1", None),
    ],
)
def test_what_a_statement_sets(sql: str, expected: Assignment | None) -> None:
    assert assignment(sql) == expected


# By chance.

FRAGMENTS = st.sampled_from(
    [
        *("'", '"', "$$", "$a$", "$", "\\", ";", "--", "/*", "*/", "-", "/", "(", ")"),
        *(
            "E'",
            "e",
            "U&'",
            "\n",
            "\r\n",
            " ",
            "a",
            "1",
            "ä",
            "\u2028",
            "copy ",
            "\\.\n",
        ),
        *("COPY t FROM stdin;\n", "CREATE FUNCTION ", "BEGIN ", "END ", "SET ", "=off"),
        "SET standard_conforming_strings = off;",
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=40).map("".join)

_LITERALS = st.one_of(
    st.text(alphabet="';\"$\\-/*ab\n\r(", max_size=8).map(
        lambda text: "'" + text.replace("'", "''") + "'"
    ),
    st.text(alphabet="';\"$\\-/*ab\n\r(", max_size=8).map(
        lambda text: "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    ),
    st.text(alphabet="';\"$\\-/*ab\n\r(", max_size=8).map(
        lambda text: '"' + text.replace('"', '""') + '"'
    ),
    st.text(alphabet="';\"\\-/*ab\n\r(", max_size=8).map(lambda text: f"$q${text}$q$"),
    st.text(alphabet="';\"$\\-ab(", max_size=8).map(lambda text: f"--{text}\n"),
    st.text(alphabet="';\"$\\-ab\n(", max_size=8).map(lambda text: f"/*{text}*/"),
    st.text(alphabet="';\"$\\-ab\n(", max_size=8).map(lambda text: f"/*/*{text}*/;*/"),
    st.sampled_from(["(", ")", "1", "+", "a", "€"]),
)


def _closed(tokens: list[str]) -> str:
    """With as many parentheses closed as opened, none before it is open."""
    depth, found = 0, ["SELECT"]
    for each in tokens:
        if each == ")" and not depth:
            continue
        depth += {"(": 1, ")": -1}.get(each, 0)
        found.append(each)
    return " ".join([*found, *[")"] * depth]) + ";"


STATEMENTS = st.lists(_LITERALS, max_size=6).map(_closed)


@given(TEXTS, st.booleans())
def test_the_pieces_are_the_text(text: str, conforming: bool) -> None:
    found: list[str] = []
    try:
        for each in pieces("seed.sql", text, conforming=conforming):
            assert each.source
            found.append(each.source)
    except SeedError:
        assert text.startswith("".join(found))
    else:
        assert "".join(found) == text


@given(
    st.lists(STATEMENTS, max_size=5), st.sampled_from(["", " ", "\n", "\r\n-- a;\n"])
)
def test_statements_come_apart_as_they_were_joined(
    joined: list[str], between: str
) -> None:
    assert statements(between.join(joined)) == joined
