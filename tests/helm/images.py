"""Builds the image and starts it, with Debian's own tools, no daemon and no registry.

The base is a Debian made by debootstrap and kept in .cache/image-base. Needs root, and
the packages buildah and debootstrap.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_SUITE = "bookworm"
_BASE = ROOT / ".cache" / "image-base" / f"{_SUITE}.tar"
_PACKAGES = "python3,python3-venv,ca-certificates"
# Mounts belong to the process alone and go with it. It execs on to the end, so that
# its id is that of the agent, and a signal reaches the agent.
_CONTAIN = """\
set -eu
root=$1 state=$2 config=$3 user=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$state" "$root/var/lib/sequence-agent"
mount --bind "$config" "$root/media"
exec chroot --userspec="$user" "$root" /usr/bin/env -i --chdir=/var/lib/sequence-agent "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that was built, and its files."""

    root: Path
    config: Mapping[str, Any]

    @property
    def packages(self) -> Path:
        (found,) = self.root.glob("opt/sequence-agent/lib/python3*/site-packages")
        return found

    def command(
        self, *arguments: str, folder: Path, user: str = "12345:54321"
    ) -> list[str]:
        """What runs the image: its root read-only, `folder` as /media, any user."""
        state = folder / "state"
        state.mkdir(exist_ok=True)
        state.chmod(0o1777)
        variables = [str(each) for each in self.config["Env"]]
        entry = [str(each) for each in self.config["Entrypoint"]]
        places = [str(self.root), str(state), str(folder), user]
        return [
            *["unshare", "--mount", "sh", "-c", _CONTAIN, "contain", *places],
            *[*variables, *entry, *arguments],
        ]


def needs_tools() -> None:
    """Skip the test where the image cannot be built; in CI that is a failure."""
    missing = [
        name for name in ("buildah", "debootstrap", "unshare") if not shutil.which(name)
    ]
    if os.geteuid() != 0:
        missing.append("root")
    if not missing:
        return
    reason = f"the image is not built without {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: apt-get install buildah debootstrap")
    pytest.skip(reason)


@contextmanager
def built(folder: Path) -> Iterator[Image]:
    """The image, built on a Debian that debootstrap made, until the end of the block."""
    buildah = [
        *("buildah", f"--root={folder / 'store'}", f"--runroot={folder / 'run'}"),
        "--storage-driver=vfs",
    ]
    base = _output(*buildah, "from", "scratch")
    _output(*buildah, "add", "--quiet", base, str(_base()), "/")
    _output(*buildah, "commit", "--quiet", base, "localhost/base")
    _output(*buildah, "rm", base)
    _output(
        *[*buildah, "bud", "--isolation=chroot", "--build-arg=BASE=localhost/base"],
        *["--build-arg=VERSION=1.2.3", *_index(folder), "--tag=localhost/built"],
        str(ROOT),
    )
    answer = _output(*buildah, "inspect", "--type=image", "localhost/built")
    container = _output(*buildah, "from", "localhost/built")
    try:
        root = Path(_output(*buildah, "mount", container))
        yield Image(root=root, config=json.loads(answer)["OCIv1"]["config"])
    finally:
        _output(*buildah, "rm", "--all")
        _output(*buildah, "rmi", "--all", "--force")


def _base() -> Path:
    if not _BASE.exists():
        _BASE.parent.mkdir(parents=True, exist_ok=True)
        made = _BASE.with_suffix(".new")
        # A tarball of packages is another thing: this one is the finished system.
        script = (
            f"debootstrap --variant=minbase --include={_PACKAGES} {_SUITE} {made}.d"
            f" && tar --create --file {made} --directory {made}.d --exclude=./dev/* ."
            f" && rm -r {made}.d"
        )
        _output("sh", "-c", script)
        made.rename(_BASE)
    return _BASE


def _index(folder: Path) -> Sequence[str]:
    """Options that let pip find packages in the build as it finds them out here."""
    lines = ["[global]"]
    options = []
    for line in _output(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, text = line.partition("=")
        value = str(ast.literal_eval(text))
        lines.append(f"{name.rpartition('.')[2]} = {value}")
        if Path(value).is_absolute() and Path(value).exists():
            options.append(f"--volume={value}:{value}:ro")
    file = folder / "pip.conf"
    file.write_text("\n".join(dict.fromkeys(lines)) + "\n")
    return [f"--secret=id=pip.conf,src={file}", *dict.fromkeys(options)]


def _output(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{ended.stdout[-2000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout.strip()


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """The process of a command, ended by SIGTERM if it has not ended before."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
