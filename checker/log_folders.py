"""What programs write into files in place of printing it, as it comes: for a stack that stands.

Anything may lie in such a folder, and a file may be rotated or grow without end: never blocks, and reads a bounded
piece at a time.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

PIECE_BYTES = 65_536


class LogFolders:
    """Hands on what is new in the files of these folders, by the file's name without its suffix."""

    def __init__(self, folders: Sequence[Path], overheard: Callable[[str, bytes], None]) -> None:
        self._folders = folders
        self._overheard = overheard
        self._read_bytes: dict[int, int] = {}  # by inode: a file that is rotated away has been read

    def look(self) -> None:
        """One piece of each file that has grown."""
        for folder in self._folders:
            for path in sorted(folder.glob("*")):
                with suppress(OSError):  # gone again, closed to us, or a socket
                    self._look_at(path)

    def _look_at(self, path: Path) -> None:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return
            read_bytes = self._read_bytes.get(found.st_ino, 0)
            file.seek(read_bytes if read_bytes <= found.st_size else 0)  # shorter than it was: begun anew
            piece = file.read(PIECE_BYTES)
            self._read_bytes[found.st_ino] = file.tell()
        if piece:
            self._overheard(path.stem, piece)
