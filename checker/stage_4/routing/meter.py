"""A meter of the check's own, and the small server that carries it to the learner's application."""

from __future__ import annotations

import re
import select
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Self

from checker.harness import starters
from checker.harness.findings import NotYet, fail
from checker.harness.idle import Rest
from checker.harness.lines import own_code
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.tracebacks import last
from checker.harness.waiting import wait_until
from checker.stage_4.routing import places
from checker.stage_4.routing.tower import SOON_S
from course.model import Finding, SourceLine

SERVER = str(Path(__file__).with_name("inside") / "meter_server.py")
# What Django says of settings that nobody has named, and of models that are imported before its apps are loaded.
TOO_EARLY = ("settings are not configured", "Apps aren't loaded yet")
BOOT_S = 20.0
LAST_WORDS_S = 2.0  # between the end of what a program says and its own
LINE_S = 10.0  # waited out by failing solutions alone, and only where their server does not rest
LINE_BYTES = 4096
ELSEWHERE = "ELSEWHERE"  # in place of a line that another meter has heard


class MeterServer:
    """The program. It imports `tower.asgi` in an interpreter of its own, where nothing names any settings."""

    def __init__(self, program: starters.Program, run: Run) -> None:
        self._address = str(run.temporary / "meters")
        self._run = run
        self._program: Program = program([sys.executable, "-P", SERVER, self._address], name="meter server")

    def expect_imported(self) -> None:
        """The learner's module was imported."""
        self._program.wait_for(lambda server: "imported" in server.lines, BOOT_S)
        if "imported" in self._program.lines:
            return
        wanted = "`import tower.asgi` works in a new Python, whose environment names no settings"
        if self._program.wait(LAST_WORDS_S) is None:
            fail("endless-import", wanted=wanted, saw=f"after {BOOT_S:.0f} s it had not come to an end")
        crash = self._program.crashed(wanted).finding
        saw = crash.saw.partition(": ")[2] or crash.saw
        where = self._too_early() if any(word in saw for word in TOO_EARLY) else crash.where
        raise NotYet(Finding("import-fails", wanted, saw, where))

    def _too_early(self) -> SourceLine | None:
        """The line of asgi.py that led to what Django was not ready for: the line that met it does no wrong."""
        number = re.findall(rf'File ".*{re.escape(places.ASGI_FILE)}", line (\d+)', self._program.errors)
        lines = {place.line: place for place in own_code(self._run, places.ASGI_FILE) if place.file == places.ASGI_FILE}
        return lines.get(int(number[-1])) if number else None

    def meter(self, client: str) -> Meter:
        """A meter that has just connected."""
        self._program.wait_for(lambda server: "listening" in server.lines, BOOT_S)
        try:
            return Meter(self._address, client, Rest(self._program.process))
        except OSError:  # nobody listens: the module has ended its process, or holds it
            raise self._program.crashed("`tower.asgi` is imported, and leaves its process alone") from None

    def fail_as_unserved(self, wanted: str, said: str, heard: str | None) -> NoReturn:
        """The finding for a meter that did not hear what it should have."""
        got = "nothing came back" if heard is None else f"what came back is {heard!r}"
        error = last(self._program.errors, self._run.project, self._run.given)
        if heard is not None and heard.startswith("ERROR "):
            got = f"the application raised {heard.removeprefix('ERROR ')}"
        elif heard == "RETURNED":
            got = "the application returned without a word"
        elif heard == ELSEWHERE:
            got = "its answer went to another meter: they share an instance"
        where = (error.where if error else None) or places.router(self._run, "mqtt")
        fail("mqtt-not-served", wanted=wanted, saw=f"{got}; the meter had said {said!r}", where=where)


class Meter:
    """One connection: says lines, and hears lines."""

    def __init__(self, address: str, client: str, rest: Rest) -> None:
        self.client = client
        self.said = ""
        self._rest = rest
        self._heard = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(address)
        self._socket.setblocking(False)
        self.say(f"CONNECT {client}")

    def say(self, line: str) -> None:
        """One line."""
        self.said = line
        with suppress(OSError):  # nobody is there any more: nothing will be heard either
            self._socket.sendall(f"{line}\n".encode())

    def hear(self) -> str | None:
        """The next line; None when the server rests, or has hung up, and has said none."""
        if not self._has_line():
            select.select([self._socket], [], [], SOON_S)
        wait_until(self._has_line, LINE_S, unless_ended=self._rest)
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode(errors="replace") or None

    def has_heard(self, line: str) -> bool:
        """Whether this line is there, now."""
        self._has_line()
        return f"{line}\n".encode() in self._heard

    def hang_up(self) -> str | None:
        """Say no more; the last line that comes."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        return self.hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _has_line(self) -> bool:
        with suppress(OSError):
            self._heard += self._socket.recv(LINE_BYTES)
        return b"\n" in self._heard
