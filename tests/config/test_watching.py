from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.config import ConfigError, ConfigFile

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
