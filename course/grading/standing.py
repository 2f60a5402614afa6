"""Starts an exercise's own stack in a child process, and ends it: for `learn run`."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from course.content.places import Places
from course.grading.child import Started, command
from course.grading.ending import end, swept
from course.model import Exercise
from course.shared.ledger import LEDGER, Ledger
from course.shared.leftovers import Orphans
from course.shared.prctl import refuse_inspection
from course.shared.standing import StandEvent, from_line

CHUNK_BYTES = 65_536
LOG = "stack.log"


class Standing:
    """A stack that stands: what it tells, as it comes."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self._pending = b""
        self.has_ended = False

    def events(self, within_s: float) -> list[StandEvent]:
        """What has been told by now, or is within so many seconds; empty also when it has ended."""
        self._told.settimeout(within_s)
        try:
            chunk = self._told.recv(CHUNK_BYTES)
        except TimeoutError:
            return []
        except OSError:
            chunk = b""
        self.has_ended = not chunk
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        return [from_line(line.decode(errors="replace")) for line in lines]


@contextmanager
def start(
    places: Places,
    exercise: Exercise,
    *,
    project: Path,
    folder: Path,
    ports: Mapping[str, int],
    chosen: Mapping[str, str],
) -> Iterator[Standing]:
    """Have the stack stand on `project`, at `ports` where they are free; `folder` gets its ledger and its own log.

    `chosen` is which of the things that it offers shall stand, by kind of choice ({"profile": "pages"}).
    Leaving it stops all that it has started.
    """
    refuse_inspection()
    orphans = Orphans()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs, (folder / LOG).open("wb") as log:
            line = [
                *command(),
                "--stand",
                "--fd", str(theirs.fileno()),
                "--suite", str(places.suite(exercise.path)),
                "--project", str(project.resolve()),
                "--run", str(folder.resolve()),
                "--ports", json.dumps(dict(ports)),
                "--chosen", json.dumps(dict(chosen)),
            ]  # fmt: skip
            child = Started(line, folder, theirs, log)
        try:
            with suppress(OSError):  # it has ended already
                ours.sendall(secrets.token_hex(16).encode() + b"\n")
            yield Standing(ours)
        finally:
            with suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)  # nobody listens any more: it must not wait for us to read
            try:
                end(child, at_once=True)
            finally:
                swept(Ledger(folder / LEDGER), orphans, child.pid)
