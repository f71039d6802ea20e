"""Makes the data directory of a server: a new one, or a copy for a standby."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import psycopg

from agent.demo.home import Home
from agent.demo.installation import EmbeddedPostgresError

SUPERUSER = "postgres"

# What belongs to the running primary alone, or is made anew at every start.
_NOT_COPIED = shutil.ignore_patterns(
    "postmaster.pid", "postmaster.opts", "pg_internal.init", "pgsql_tmp*"
)
_EMPTIED = ("pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_stat_tmp")


def make_cluster(
    home: Home, binaries: Path, *, password: str, settings: Mapping[str, str]
) -> None:
    """Run initdb; the superuser needs the password over TCP only."""
    password_file = home.path / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    home.account.own(password_file)
    command: list[str | Path] = [
        binaries / "initdb",
        *("-D", home.data),
        *("--username", SUPERUSER, "--pwfile", password_file),
        *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
        *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
    ]
    finished = home.account.run(command, directory=home.path)
    password_file.unlink()
    if finished.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed:\n{finished.stdout.strip()}")
    append_settings(home.data, settings)


def append_settings(data: Path, settings: Mapping[str, str]) -> None:
    """Add to postgresql.conf, where the last word on a setting counts."""
    lines = [f"{name} = '{_escaped(value)}'\n" for name, value in settings.items()]
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.writelines(["\n", *lines])


def copy_cluster(primary: Home, primary_dsn: str, standby: Home) -> None:
    """Copy a running primary's data, to follow it from `primary_dsn`."""
    with psycopg.connect(primary_dsn, autocommit=True) as connection:
        renamed = connection.info.server_version >= 15_00_00
        connection.execute(
            "SELECT pg_backup_start('standby', true)"
            if renamed
            else "SELECT pg_start_backup('standby', true, false)"
        )
        _copy_files(primary.data, standby.data)
        label = connection.execute(
            "SELECT labelfile FROM pg_backup_stop(false)"
            if renamed
            else "SELECT labelfile FROM pg_stop_backup(false, false)"
        ).fetchone()
    if label is not None:
        (standby.data / "backup_label").write_text(label[0])
    (standby.data / "standby.signal").touch()
    append_settings(standby.data, {"primary_conninfo": primary_dsn})
    standby.account.own(standby.data)


def _copy_files(source: Path, target: Path) -> None:
    emptied = {source / name for name in _EMPTIED}

    def left_out(directory: str, names: list[str]) -> set[str]:
        if Path(directory) in emptied:
            return set(names)
        return _NOT_COPIED(directory, names)

    shutil.copytree(
        source, target, symlinks=True, ignore=left_out, copy_function=_copy_if_there
    )


def _copy_if_there(source: str, target: str) -> None:
    """Copy a file, unless the primary removed it meanwhile; its WAL says so."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        Path(target).unlink(missing_ok=True)


def _escaped(value: str) -> str:
    r"""Quote the text of a setting.

    >>> _escaped("it's")
    "it''s"
    """
    return value.replace("\\", "\\\\").replace("'", "''")
