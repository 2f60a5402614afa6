"""`learn` as its users run it: in a process of its own, in a folder, on the toy course; piped, or on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tree import ROOT

TOY = ROOT / "tests" / "toy_course"
REFERENCE = TOY / "solutions" / "stage_1" / "greeting" / "right" / "reference" / "greeting.txt"
DEADLINE_S = 120
# What would change a screen, or what it opens. A test sets what it wants.
SCREEN_VARIABLES = {
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "TERM",
    "PAGER",
    "LESS",
    "LEARN_DEBUG",
    "FORCE_HYPERLINK",
    "TERM_PROGRAM",
    "VTE_VERSION",
    "VISUAL",
    "EDITOR",
    "TERMINAL_EMULATOR",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command came to."""

    status: int
    out: str
    error: str


def environment(rooms: Path = TOY, **variables: str) -> dict[str, str]:
    """The environment of a `learn` on these rooms."""
    kept = {name: value for name, value in os.environ.items() if name not in SCREEN_VARIABLES}
    return {**kept, "PYTHONPATH": str(ROOT), "LEARN_ROOMS": str(rooms), "PYTHONDONTWRITEBYTECODE": "1", **variables}


def command(*arguments: str) -> list[str]:
    """The command line of `learn`."""
    return [sys.executable, "-P", "-m", "course", *arguments]


def learn(folder: Path, *arguments: str, rooms: Path = TOY, **variables: str) -> Shown:
    """Run it with its output piped."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(rooms, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )
    return Shown(done.returncode, done.stdout, done.stderr)


def do_the_work(folder: Path) -> None:
    """What a learner does in a workspace between `learn next` and a green check."""
    shutil.copy(REFERENCE, folder / "stage_1" / "greeting" / "greeting.txt")


def on_a_terminal(
    folder: Path,
    *arguments: str,
    columns: int = 80,
    height: int = 40,
    typed: str = "",
    rooms: Path = TOY,
    **variables: str,
) -> Shown:
    """Run it on a terminal of its own; both its outputs come as one."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, columns, 0, 0))
    env: Mapping[str, str] = environment(rooms, **{"TERM": "xterm", **variables})
    with subprocess.Popen(
        command(*arguments), cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        out = b"".join(iter(lambda: _read(ours), b""))
        status = process.wait(DEADLINE_S)
    os.close(ours)
    return Shown(status, out.decode().replace("\r\n", "\n"), "")


def _read(fd: int) -> bytes:
    ready, _, _ = select.select([fd], [], [], DEADLINE_S)
    assert ready, "nothing more came, and it has not ended"
    try:
        return os.read(fd, 65_536)
    except OSError:  # Linux: the other end is closed
        return b""
