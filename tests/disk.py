"""Disks and processes as unlucky learners have them: read-only, full, and killed half-way. The real thing each time."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

KILLED = 9
NOBODY = 65534
# In a namespace of its own, where an ordinary user may mount a disk that is as small as the test wants it.
ON_A_SMALL_DISK = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")
MOUNT = 'mount -t tmpfs -o "size=$2" tmpfs "$1"; shift 2; exec "$@"'
_CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "open"}


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """While it lasts, we may read what lies in the folder, and write nothing. Root gives up its rights meanwhile."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if not path.is_symlink()}
    for path, mode in before.items():
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


@cache
def has_small_disks() -> bool:
    """Whether this system lets us mount one."""
    if shutil.which("unshare") is None:
        return False
    command = [*ON_A_SMALL_DISK, 'mount -t tmpfs tmpfs "$1"', "sh", "/tmp"]  # noqa: S108  (of that namespace alone)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run_on_a_small_disk(program: str, folder: Path, size: str) -> str:
    """What a Python program prints that runs with a disk of this size in place of the folder."""
    command = [*ON_A_SMALL_DISK, MOUNT, "sh", str(folder), size, sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_killed_at(step: int, action: Callable[[], object], folder: Path) -> bool:
    """Run the action in a child that is killed right before its n-th change below the folder; False if it came through.

    Counting with an audit hook, the kill falls between any two steps, and nothing runs after it: no `finally`.
    """
    child = os.fork()
    if child == 0:
        _die_at(step, folder)
        try:
            action()
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED)
    return status == KILLED


def _die_at(step: int, folder: Path) -> None:
    left = step

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event not in _CHANGES or not str(arguments[0]).startswith(str(folder)):
            return
        if event == "open" and not str(arguments[1] or "w").strip("rbt"):
            return
        left -= 1
        if left == 0:
            os._exit(KILLED)

    sys.addaudithook(count)
