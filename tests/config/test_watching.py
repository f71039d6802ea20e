from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.config import ConfigError, ConfigFile
from tests.agents import until
from tests.config.files import SERVER

ONE = "servers: [{name: one, dsn: host=db}]\n"
TWO = "servers: [{name: two, dsn: host=db}]\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(ONE)
    return path


@pytest.fixture
def file(path: Path) -> ConfigFile:
    file = ConfigFile(path, {})
    file.load()
    return file


def test_a_file_that_was_never_loaded_has_changed(path: Path) -> None:
    assert ConfigFile(path, {}).changed()


def test_a_loaded_file_has_not_changed(file: ConfigFile) -> None:
    assert not file.changed()


def test_other_content_is_a_change_until_it_is_loaded(
    path: Path, file: ConfigFile
) -> None:
    path.write_text(TWO)
    changed = file.changed()

    config = file.load()

    assert changed
    assert config.servers[0].name == "two"
    assert not file.changed()


def test_a_touch_is_no_change(path: Path, file: ConfigFile) -> None:
    os.utime(path, (0, 0))

    assert not file.changed()


def test_same_size_and_time_hide_no_change(path: Path, file: ConfigFile) -> None:
    before = path.stat()

    path.write_text(TWO)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert file.changed()


def test_a_replaced_file_is_a_change(path: Path, file: ConfigFile) -> None:
    (path.parent / "new").write_text(TWO)

    (path.parent / "new").rename(path)

    assert file.changed()


def test_a_swapped_folder_is_a_change_as_kubernetes_swaps_it(tmp_path: Path) -> None:
    for name, content in (("..one", ONE), ("..two", TWO)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(content)
    (tmp_path / "..data").symlink_to("..one")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    file = ConfigFile(tmp_path / "config.yaml", {})
    file.load()

    (tmp_path / "..new").symlink_to("..two")
    (tmp_path / "..new").rename(tmp_path / "..data")

    assert file.changed()
    assert file.load().servers[0].name == "two"


def test_a_broken_file_is_told_once(path: Path, file: ConfigFile) -> None:
    path.write_text("servers: 5")
    changed = file.changed()

    with pytest.raises(ConfigError, match="must be a list"):
        file.load()

    assert changed
    assert not file.changed()


def test_a_vanished_file_is_told_once_and_again_when_it_is_back(
    path: Path, file: ConfigFile
) -> None:
    path.unlink()
    vanished = file.changed()
    with pytest.raises(ConfigError, match="cannot be read: no such file or directory"):
        file.load()
    still = file.changed()

    path.write_text(ONE)

    assert vanished
    assert not still
    assert file.changed()


def test_variables_are_those_of_the_environment_it_was_given(path: Path) -> None:
    path.write_text(
        ONE.replace("one", "${NAME}").replace("{name: ${NAME}", '{name: "${NAME}"')
    )

    config = ConfigFile(path, {"NAME": "x"}).load()

    assert config.servers[0].name == "x"


NOW = SystemClock().now
YEAR = timedelta(days=365)


@pytest.fixture
def long_ago(tmp_path: Path) -> Path:
    """A folder with a file and a link to it that nobody has touched for a while."""
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "one.yaml").write_text(ONE)
    (tmp_path / "releases" / "two.yaml").write_text(TWO)
    (tmp_path / "current").symlink_to("releases")
    (tmp_path / "config.yaml").symlink_to("current/one.yaml")
    made_at = (tmp_path / "config.yaml").lstat().st_ctime_ns
    # The clock of a file system moves in steps of milliseconds.
    until(lambda: touched(tmp_path / "beside") > made_at, "a later time")
    return tmp_path


def touched(path: Path) -> int:
    path.touch()
    return path.stat().st_mtime_ns


def seconds_old(file: ConfigFile, now: datetime) -> float:
    return file.age(now).total_seconds()


def test_a_file_is_as_old_as_its_last_change(path: Path, file: ConfigFile) -> None:
    changed = datetime.fromtimestamp(path.stat().st_ctime, UTC)

    assert file.age(changed + YEAR) == YEAR
    # Whoever sets a file's time back does so now.
    os.utime(path, (0, 0))
    file.load()
    assert seconds_old(file, NOW()) < 5


def test_a_file_of_the_future_was_changed_just_now(
    path: Path, file: ConfigFile
) -> None:
    os.utime(path, (4e9, 4e9))
    file.load()

    assert file.age(NOW()) == timedelta()


def swapped(link: Path, target: str) -> None:
    link.with_name("new").symlink_to(target)
    link.with_name("new").rename(link)


REPLACEMENTS: dict[str, Callable[[Path], object]] = {
    "written": lambda folder: (folder / "releases" / "one.yaml").write_text(TWO),
    "renamed": lambda folder: (folder / "releases" / "two.yaml").rename(
        folder / "releases" / "one.yaml"
    ),
    "linked": lambda folder: swapped(folder / "config.yaml", "current/two.yaml"),
    "folder linked": lambda folder: swapped(
        folder / "current", str(folder / "releases")
    ),
    "touched": lambda folder: os.utime(folder / "releases" / "one.yaml"),
}


@pytest.mark.parametrize("replace", REPLACEMENTS.values(), ids=REPLACEMENTS.keys())
def test_a_file_that_was_replaced_in_whatever_way_is_as_old_as_that(
    long_ago: Path, replace: Callable[[Path], object]
) -> None:
    file = ConfigFile(long_ago / "config.yaml", {})
    file.load()
    now = NOW() + YEAR
    age = file.age(now)

    replace(long_ago)
    file.load()

    assert YEAR - timedelta(seconds=5) <= file.age(now) < age


def test_what_happens_beside_a_file_does_not_make_it_younger(long_ago: Path) -> None:
    file = ConfigFile(long_ago / "config.yaml", {})
    file.load()
    now = NOW()
    age = file.age(now)

    (long_ago / "sequence-agent.db").write_text("written each second")
    file.load()

    assert file.age(now) == age


JOB = "kind: reset, server: a, database: b, tables: {include: ['*.*']}"


@pytest.mark.parametrize(
    ("text", "younger"),
    [
        (SERVER, False),
        (f"{SERVER}log: {{level: '${{X:-info}}'}}\n", False),
        ("servers: [{name: a, dsn: 'host=db password=${X:-x}'}]\n", False),
        (f"{SERVER}suspended: ${{X:-true}}\n", True),
        (f"{SERVER}jobs: [{{name: j, suspended: '${{X:-true}}', {JOB}}}]\n", True),
        (
            "servers: [{name: a, dsn: host=db, resets: {environment: '${X:-x}'}}]\n",
            True,
        ),
    ],
)
def test_jobs_that_depend_on_the_environment_are_no_older_than_the_process(
    path: Path, text: str, *, younger: bool
) -> None:
    path.write_text(text)
    file = ConfigFile(path, {})

    file.load()

    assert (file.age(NOW() + YEAR) < YEAR) == younger
