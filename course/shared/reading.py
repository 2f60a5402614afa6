"""Reads a learner's file, whatever lies there: never waits for a pipe, never takes in more than a file of text has."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 8 * 1024 * 1024
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Odd(OSError):
    """What lies there is no file, or too large a one; says what it is."""


def content_of(file: Path) -> bytes:
    """All that the file holds, through links. Raises Odd, or the OSError of the system."""
    _check(file.stat())
    # O_NONBLOCK: should it have become a pipe since, opening it must not wait for somebody who writes.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        _check(os.fstat(opened.fileno()))
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:  # it grows
        raise _too_large(len(content))
    return content


def text_of(file: Path) -> str:
    """The same as text, without its UTF-8 signature (BOM); "" where nothing can be read. Odd bytes become U+FFFD."""
    with suppress(OSError):
        return content_of(file).decode("utf-8-sig", errors="replace")
    return ""


def _check(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Odd(_KINDS.get(stat.S_IFMT(found.st_mode), "no file"))
    if found.st_size > MOST_BYTES:
        raise _too_large(found.st_size)


def _too_large(size: int) -> Odd:
    return Odd(f"{size:,} bytes long (at most {MOST_BYTES:,} are read)")
