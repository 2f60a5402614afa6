"""What an ordinary machine puts beside a learner's work, or in place of it: each laid by a function."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

Lay = Callable[[Path], object]


def bind_socket(path: Path) -> None:
    """Leave a unix socket, as a server that was killed does."""
    usual = Path.cwd()
    os.chdir(path.parent)  # its own path may be too long for one
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(usual)


def sparse(path: Path) -> None:
    """A file of 17 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(17 * 10**9)


def write_latin(path: Path) -> None:
    """A text whose third line is no UTF-8."""
    path.write_bytes("# one\n# two\n# für\n".encode("latin-1"))


IN_PLACE_OF_A_FILE: Mapping[str, Lay] = {
    "missing": lambda _: None,
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "socket": bind_socket,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "large": sparse,
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("gone"),
}


def lay_beside(folder: Path) -> None:
    """All that may lie beside a right solution: a lock link, a socket, a pipe, loops, what is closed to us."""
    (folder / ".#app.py").symlink_to("ann@machine.4711:1700000000")
    (folder / "loop").symlink_to("loop")
    (folder / "round").symlink_to(".")
    (folder / "zero").symlink_to("/dev/zero")
    bind_socket(folder / "left.sock")
    os.mkfifo(folder / "left.pipe")
    closed = folder / "closed.txt"
    closed.write_text("mine")
    closed.chmod(0)
    (folder / "closed").mkdir(mode=0)
    os.close(os.open(os.fsencode(folder) + b"/na\xefve.txt", os.O_CREAT | os.O_WRONLY))
