"""What a child of `learn` does around its work: it talks over one socket, keeps within limits, and leaves nothing.

It stops all that it has started when the other end closes, on SIGTERM, or when its work is done.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from checker.harness import memory
from course.shared import open_files
from course.shared.ledger import LEDGER, Ledger
from course.shared.prctl import adopt_orphans, refuse_inspection
from course.shared.temporary import folder as short_folder

GIVE_UP_S = 20.0


class NoRoom(Exception):
    """There is no room on this machine to work in."""


class Line:
    """The socket to `learn`: a nonce comes in, lines go out, from any thread."""

    def __init__(self, fd: int) -> None:
        open_files.raise_limit()
        refuse_inspection()
        self.socket = socket.socket(fileno=fd)
        self._writer = self.socket.makefile("w", encoding="utf-8")
        self._lock = threading.Lock()
        self.nonce = self.socket.makefile("r", encoding="utf-8").readline().strip()

    def tell(self, line: str) -> None:
        """Send one line. When nobody listens any more, this process is told to stop."""
        try:
            with self._lock:
                self._writer.write(line + "\n")
                self._writer.flush()
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def at_work(line: Line, folder: Path) -> Iterator[tuple[Path, Ledger]]:
    """Around the work: a short temporary folder, and the ledger in `folder` of all that must be gone in the end.

    SIGTERM is a KeyboardInterrupt inside. Raises NoRoom.
    """
    ledger = Ledger(folder / LEDGER)
    try:
        # Sockets lie here, and the path of a unix socket holds about 100 bytes: never inside the learner's folder.
        temporary = Path(tempfile.mkdtemp(prefix="learn-", dir=short_folder()))
        ledger.add_folder(temporary)
    except OSError as error:
        raise NoRoom(f"this machine gives no room to work in: {error}") from error

    signal.signal(signal.SIGTERM, _interrupt)
    # A script's shell starts background jobs with SIGINT ignored, and `nohup` whatever it starts with SIGHUP ignored:
    # programs that checks interrupt, or whose terminal they close, would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    memory.cap()
    threading.Thread(target=_follow_parent, args=(line.socket, ledger), name="parent", daemon=True).start()
    adopt_orphans()
    try:
        yield temporary, ledger
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        ledger.sweep()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # pytest tears its fixtures down on KeyboardInterrupt, which stops every server. Once is enough.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _follow_parent(told: socket.socket, ledger: Ledger) -> None:
    """When `learn` is gone (even killed outright), stop as if told to; when that hangs, sweep and leave."""
    told.recv(1, socket.MSG_PEEK)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GIVE_UP_S)
    ledger.sweep()
    os._exit(1)
