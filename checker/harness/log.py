"""A server's output, kept in bounded memory: the first and the last of it, with a count of what lies between."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HEAD_BYTES = 256 * 1024
TAIL_BYTES = 256 * 1024
CHUNK_BYTES = 64 * 1024
END_DEADLINE_S = 2.0
LINE_CHARACTERS = 400


class Log:
    """Reads a pipe to its end on a thread of its own, so that no server ever blocks on its output."""

    def __init__(self, pipe_fd: int, path: Path, *, overheard: Callable[[bytes], object] = len) -> None:
        """`overheard` is called with each piece as it comes."""
        self._overheard = overheard
        self._pipe_fd = pipe_fd
        self._path = path
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._left_out_bytes = 0
        self._read_bytes = 0
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name=f"log {path.name}", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """What was printed; a middle that was too long is replaced by one line that says so."""
        return self.since(0)

    @property
    def mark(self) -> int:
        """How many bytes have been read so far: for `since`."""
        with self._changed:
            return self._read_bytes

    def since(self, mark: int) -> str:
        """What was printed after this mark, as `text`."""
        with self._changed:
            middle = f"\n... {self._left_out_bytes:,} bytes left out ...\n" if self._left_out_bytes else ""
            # Decoded in one piece: a character of several bytes may lie across the seam.
            whole = bytes(self._head) + middle.encode() + b"".join(self._tail)
            fresh = whole[max(0, len(whole) - (self._read_bytes - mark)) :]
        return fresh.decode(errors="replace")

    def last_lines(self, count: int = 12) -> list[str]:
        """The last lines that are not blank, fit for a terminal: no line too long, no control characters."""
        return last_lines(self.text, count)

    def add(self, line: str) -> None:
        """Put a line of the checker's own below what has been printed so far, for whoever reads the log."""
        with self._changed:
            self._keep(f"\n{line}\n".encode())

    def wait_for(self, text: str, deadline_s: float) -> bool:
        """True as soon as `text` has been printed; False at the deadline, or when the output ends without it."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or text in self.text, timeout=deadline_s)
            return text in self.text

    def wait_end(self, deadline_s: float) -> bool:
        """True when all has been read; False at the deadline (a stray child may keep the pipe open)."""
        self._thread.join(timeout=deadline_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Write the log to its file. Waits a moment for the pipe's end, which a stray child may keep open."""
        self.wait_end(END_DEADLINE_S)
        with suppress(OSError):  # a full disk keeps no server from being stopped
            self._path.write_text(self.text, encoding="utf-8")

    def _read(self) -> None:
        with os.fdopen(self._pipe_fd, "rb", buffering=0) as pipe:
            while chunk := pipe.read(CHUNK_BYTES):
                self._overheard(chunk)
                with self._changed:
                    self._keep(chunk)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _keep(self, chunk: bytes) -> None:
        self._read_bytes += len(chunk)
        room = HEAD_BYTES - len(self._head)
        self._head += chunk[:room]
        rest = chunk[max(room, 0) :]
        if rest:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
        while self._tail_bytes - len(self._tail[0] if self._tail else b"") > TAIL_BYTES:
            dropped = len(self._tail.popleft())
            self._tail_bytes -= dropped
            self._left_out_bytes += dropped


def last_lines(text: str, count: int) -> list[str]:
    """The last lines of `text` that are not blank, as a finding may quote them: see `Log.last_lines`."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [printable(line) for line in lines[-count:]]


def printable(line: str) -> str:
    """The same, fit for a terminal: not too long, no control characters."""
    short = line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}... ({len(line):,} characters)"
    return "".join(
        character if character.isprintable() else " " if character == "\t" else "\ufffd" for character in short
    )
