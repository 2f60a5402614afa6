"""Where a desk stands: the learner's line in a traceback on stderr, and the line that its event loop cannot leave."""

from __future__ import annotations

import re
import resource
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from linecache import checkcache, getline
from pathlib import Path

from checker.harness.program import Program
from course.model import Place

# Frames in these are no news to the learner: what called them is.
GIVEN = frozenset({"__main__.py", "order.py", "parsing.py", "report.py", "upstream.py"})
DUMP_DEADLINE_S = 5.0
REST_DEADLINE_S = 2.0
# Tracebacks say `line 7, in run`, the fault handler says `line 7 in run`; in a group's traceback stand bars before it.
_FRAME = re.compile(r'^[\s|+-]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>\S+))?')
_ERROR = re.compile(r"^[\s|+-]*((?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Group|Interrupt|Exit)\b.*)")
_STACK = re.compile(r"^(?:Current thread|Thread) 0x", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stall:
    """The event loop's thread is in this line of the learner's; `inside` is where it really waits, `file function`."""

    place: Place
    inside: str


def frames(text: str, project: Path) -> list[Place]:
    """The frames in the learner's own files, in the order of the text."""
    # The fault handler writes a path's non-ASCII signs as \xe4: both spellings are known here.
    folders = {str(project) + "/", str(project).encode("ascii", "backslashreplace").decode() + "/"}
    found = []
    for line in text.splitlines():
        if not (frame := _FRAME.match(line)):
            continue
        folder = next((f for f in folders if frame["file"].startswith(f)), None)
        if folder is None or Path(frame["file"]).name in GIVEN or "site-packages" in frame["file"]:
            continue
        file, number = frame["file"].removeprefix(folder), int(frame["line"])
        checkcache(str(project / file))
        doing = getline(str(project / file), number).strip()
        found.append(Place(file, number, frame["function"] or "", doing))
    return found


def last_frame(text: str, project: Path) -> Place | None:
    """The learner's innermost line in the last traceback of the text."""
    return next(reversed(frames(text, project)), None)


def last_error(lines: Iterable[str]) -> str:
    """The last line that names an error; of a group the last error inside it."""
    named = [match[1] for line in lines if (match := _ERROR.match(line))]
    return named[-1] if named else ""


def stalled(program: Program, project: Path) -> Stall | None:
    """The line that holds the event loop's thread; None when the loop waits, as it should. Ends the program.

    `python -X dev` has the fault handler write every thread's stack when SIGABRT comes, in the middle of any call. So
    it comes when the program rests: a loop that is well is then in none. Only one that always computes never rests.
    """
    if program.process.returncode is not None:
        return None
    if hasattr(resource, "prlimit"):  # no core file for a program that we end on purpose (Linux)
        resource.prlimit(program.pid, resource.RLIMIT_CORE, (0, 0))
    before = len(program.errors)
    program.wait_idle(REST_DEADLINE_S)
    program.send_signal(signal.SIGABRT)
    program.wait(DUMP_DEADLINE_S)
    dump = program.errors[before:]
    looping = next((stack for stack in _STACK.split(dump) if "base_events.py" in stack), "")
    mine = frames(looping, project)
    if not mine:
        return None
    top = next(match for line in looping.splitlines() if (match := _FRAME.match(line)))
    return Stall(mine[0], f"{Path(top['file']).name} {top['function'] or ''}".strip())
