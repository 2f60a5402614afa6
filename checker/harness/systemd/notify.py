"""The socket that a service tells systemd by: "READY=1" and its like (sd_notify(3))."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from contextlib import suppress

from checker.harness.events import EventKind
from checker.harness.run import Run

DATAGRAM_BYTES = 4096
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7)


class NotifySocket:
    """Listens as long as it is open, and writes what comes to the history. With access "none" it does not exist.

    `access` is NotifyAccess=: of "main", only messages of the main process count. Linux tells who sent them; elsewhere
    all count.
    """

    def __init__(self, run: Run, name: str, *, access: str) -> None:
        self.main_pid: int | None = None
        self._run = run
        self._name = name
        self._access = access
        self._closing = False
        self._path = run.temporary / f"{name}.notify"
        self._thread: threading.Thread | None = None
        if access == "none":
            return
        self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if sys.platform == "linux":
            self._inbox.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._path.unlink(missing_ok=True)
        self._inbox.bind(str(self._path))
        # A thread: a service must never wait for a check that does not look.
        self._thread = threading.Thread(target=self._listen, name=f"notify {name}", daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """What leads the service here."""
        return {} if self._thread is None else {"NOTIFY_SOCKET": str(self._path)}

    @property
    def messages(self) -> tuple[str, ...]:
        """What counted so far."""
        events = self._run.history.events(EventKind.SYSTEMD_NOTIFIED)
        return tuple(
            str(event["message"]) for event in events if event["server"] == self._name and self._counts(event["pid"])
        )

    def wait_ready(self, deadline_s: float) -> bool:
        """True as soon as READY=1 has come from one that may say so."""
        ready = self._run.history.wait_for(
            EventKind.SYSTEMD_NOTIFIED,
            lambda e: (
                e["server"] == self._name and "READY=1" in str(e["message"]).split("\n") and self._counts(e["pid"])
            ),
            deadline_s=deadline_s,
        )
        return ready is not None

    def close(self) -> None:
        """Listen no more."""
        if self._thread is None:
            return
        self._closing = True
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self._path))
        self._thread.join(timeout=5)
        self._inbox.close()
        self._path.unlink(missing_ok=True)
        self._thread = None

    def _counts(self, pid: int | None) -> bool:
        return self._access != "main" or pid is None or pid == self.main_pid

    def _listen(self) -> None:
        while True:
            message, ancillary, _, _ = self._inbox.recvmsg(DATAGRAM_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size))
            if not message and self._closing:
                return
            pid = next(
                (_CREDENTIALS.unpack(data)[0] for level, _, data in ancillary if level == socket.SOL_SOCKET), None
            )
            text = message.decode(errors="replace").strip()
            self._run.history.record(EventKind.SYSTEMD_NOTIFIED, server=self._name, pid=pid, message=text)
