"""The folder that the checks' temporary files lie in: one whose path leaves room for that of a unix socket."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# A unix socket's path holds 103 bytes on macOS, 107 on Linux; a server's socket lies in a run's folder in this one.
MOST_BYTES = 60
SHORT = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # only a folder of our own is made in there


def folder() -> Path:
    """The usual one, by TMPDIR; or a short one where that is too long."""
    usual = Path(tempfile.gettempdir())
    if len(os.fsencode(usual)) <= MOST_BYTES:
        return usual
    return next((short for short in SHORT if os.access(short, os.W_OK | os.X_OK)), usual)


def note() -> str:
    """What to tell of it; "" where it is the usual one."""
    if (used := folder()) == Path(tempfile.gettempdir()):
        return ""
    return f"TMPDIR is too long a path for the sockets of the checks: they use {used} instead."
