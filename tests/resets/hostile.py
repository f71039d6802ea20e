"""Tables whose owner would like to run code as the agent, and the proof whether it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tests.function_calls import calls_of
from tests.postgres_servers import Database, role_name
from tests.resets.target import Target

# What a function was called for is counted even where its transaction is rolled back or
# READ ONLY. `stranger` is called by whoever is neither the owner nor the administrator.
_FUNCTIONS = """
CREATE FUNCTION public.stranger() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION public.evil(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
    'BEGIN
        IF current_user NOT IN (''postgres'', {quoted}) THEN
            PERFORM public.stranger();
        END IF;
        RETURN i;
    END';
CREATE TABLE public.loot (id serial PRIMARY KEY, note text);
INSERT INTO public.loot (note) SELECT 'x' FROM generate_series(1, 3);
"""


@dataclass(frozen=True, kw_only=True)
class HostileOwner:
    """Owner of `public.loot`, no superuser; the agent's role is a member of it."""

    target: Target
    dsn: str

    @classmethod
    def of(cls, target: Target) -> Self:
        database = target.database
        dsn = database.role("mallory", member_of=(), grants=())
        name = role_name(dsn)
        target.as_admin(
            f'GRANT CREATE, USAGE ON SCHEMA public TO "{name}";'
            f' GRANT "{name}" TO {{role}};'
            f" ALTER DATABASE {{db}} SET track_functions = 'all'"
        )
        owner = cls(target=target, dsn=dsn)
        owner.run(_FUNCTIONS.replace("{quoted}", f"''{name}''"))
        return owner

    @property
    def name(self) -> str:
        return role_name(self.dsn)

    @property
    def database(self) -> Database:
        return self.target.database

    def run(self, statements: str) -> None:
        with self.database.connect(self.dsn) as connection:
            connection.execute(statements.encode())

    @property
    def ran_as_a_stranger(self) -> int:
        """How often the owner's code was run by somebody else, all sessions over."""
        return calls_of(self.database, "public.stranger()")


CONSTANT_CODE = {
    "the predicate of an index": "CREATE INDEX trap ON loot (note) WHERE id > evil(1)",
    "the expression of an index": "CREATE INDEX trap ON loot ((id + evil(1)))",
    "an operator of an index": (
        "CREATE FUNCTION trapped(a integer, b integer) RETURNS boolean IMMUTABLE"
        " LANGUAGE plpgsql AS 'BEGIN RETURN public.evil(a) = b; END';"
        " CREATE OPERATOR public.=== (FUNCTION = trapped, LEFTARG = integer,"
        " RIGHTARG = integer);"
        " CREATE INDEX trap ON loot (id) WHERE 1 OPERATOR(public.===) 1"
    ),
    "the domain of an index": (
        "CREATE DOMAIN trapped AS integer CHECK (VALUE >= evil(0));"
        " CREATE INDEX trap ON loot ((id::trapped))"
    ),
    "statistics": "CREATE STATISTICS trap ON (id + evil(1)), (id * 2) FROM loot",
    "a check, where checks are looked at": (
        "ALTER TABLE loot ADD CONSTRAINT trap CHECK (id > evil(0))"
    ),
    "the key of partitions": (
        "DROP TABLE loot; CREATE TABLE loot (id serial, note text)"
        " PARTITION BY RANGE ((id + evil(1)));"
        " CREATE TABLE loot_1 PARTITION OF loot FOR VALUES FROM (0) TO (1000);"
        " INSERT INTO loot (note) SELECT 'x' FROM generate_series(1, 3)"
    ),
}
"""What an owner may put on `public.loot` that calls a function with constants."""
