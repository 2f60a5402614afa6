"""The line that a desk's event loop cannot leave, as the fault handler tells it."""

from __future__ import annotations

import re
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from checker.harness.program import Program
from checker.stage_1.python_asyncio.tracebacks import FRAME, frames
from course.model import SourceLine

DUMP_DEADLINE_S = 5.0
REST_DEADLINE_S = 2.0
DUMP_FOLLOWS = "The check ends the program here, by SIGABRT, to see where its threads are. It has not crashed:"
_STACK = re.compile(r"^(?:Current thread|Thread) 0x", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LoopStall:
    """The event loop's thread is in this line of the learner's; `inside` is where it really waits, `file function`."""

    place: SourceLine
    inside: str


def find_stall(program: Program, project: Path) -> LoopStall | None:
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
    program.process.log.add(DUMP_FOLLOWS)
    program.send_signal(signal.SIGABRT)
    program.wait(DUMP_DEADLINE_S)
    dump = program.errors[before:]
    looping = next((stack for stack in _STACK.split(dump) if "base_events.py" in stack), "")
    mine = frames(looping, project)
    if not mine:
        return None
    top = next(match for line in looping.splitlines() if (match := FRAME.match(line)))
    return LoopStall(mine[0], f"{Path(top['file']).name} {top['function'] or ''}".strip())
