"""The report of the lab, inside/loop_lab.py: what its loops did, and what the learner's LoopWatch told of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.harness import tracebacks
from checker.harness.findings import fail
from checker.harness.lines import line_matching
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.tracebacks import Traceback
from course.model import SourceLine

LAB = str(Path(__file__).with_name("inside") / "loop_lab.py")
WATCH = "doctor/watch.py"
GENEROUS_S = 40.0
# Where a stack is taken; where an entry is made; where its lag is told.
LOOKS = (r".*_current_frames", r".*(?:_getframe|(?:format|extract|walk|get|print)_stack|dump_traceback)\b", r".*return")
ENTERS = (r".*\.append\(", r".*\blag_s\b.*=", r".*return")
LAGS = (r".*[\"']lag_s[\"']\]\s*=", r".*\blag_s\s*=", r".*\blag_s[\"']?\s*:\s*[^S]")
_FRAME = re.compile(r"(?P<file>.+):(?P<line>\d+) (?P<function>\S+)")


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a stack."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Stall:
    """One entry of the learner's report."""

    lag_s: float
    stack: Sequence[Frame]

    def index(self, function: str) -> int | None:
        """Where this function stands in the stack."""
        return next((at for at, frame in enumerate(self.stack) if frame.function.endswith(function)), None)

    @property
    def innermost(self) -> str:
        """The last entry of its stack, in words."""
        return f"{self.stack[-1].function}()" if self.stack else "nobody"


class Lab:
    """One run of the lab. It runs beside other checks, and is waited for by the first that asks."""

    def __init__(self, program: Program, run: Run) -> None:
        self._program = program
        self._project = run.project
        self._given = run.given

    def expect(self, kind: str) -> list[dict[str, Any]]:
        """What it told of this kind. A lab that the learner's code ended, or holds up, ends the check."""
        wanted = f"{WATCH} can be imported by a program without Django, and its LoopWatch be started there"
        has_ended = self._program.wait(GENEROUS_S) is not None
        told = list(self._told())
        if stuck := [facts for facts in told if facts["kind"] == "stuck"]:
            where = self.own_line(stuck[0]["stack"])
            saw = "a coroutine called the watch, and had no answer for 20 s"
            fail("watch-hangs", wanted="no method of LoopWatch waits for the loop", saw=saw, where=where)
        if not has_ended or not any(facts["kind"] == "end" for facts in told):
            raise self._program.crashed(wanted)
        return [facts for facts in told if facts["kind"] == kind]

    def expect_stalls(self, report: Any) -> list[Stall]:
        """A report as it was agreed on; one of another shape ends the check."""
        wanted = 'report() gives a list of dicts: {"lag_s": SECONDS, "stack": ["FILE:LINE FUNCTION", ...]}'
        where = self.line(*ENTERS)
        if not isinstance(report, list):
            fail("entry-wrong", wanted=wanted, saw=f"it gave {str(report)[:80]}", where=where)
        return [self._stall(entry, wanted, where) for entry in report]

    def thread_error(self) -> Traceback | None:
        """The last error that a thread of it died of."""
        return tracebacks.last(self._program.errors, self._project, self._given)

    def line(self, *patterns: str) -> SourceLine | None:
        """The first line of watch.py whose beginning matches the first of these that matches any."""
        return line_matching(self._project, WATCH, patterns)

    def _stall(self, entry: Any, wanted: str, where: SourceLine | None) -> Stall:
        lag_s, stack = (entry.get("lag_s"), entry.get("stack")) if isinstance(entry, Mapping) else (None, None)
        frames = [_FRAME.fullmatch(str(frame).strip()) for frame in stack] if isinstance(stack, list) else [None]
        if not isinstance(lag_s, int | float) or not all(frames):
            fail("entry-wrong", wanted=wanted, saw=f"an entry is {str(entry)[:160]}", where=where)
        return Stall(float(lag_s), [Frame(m["file"], int(m["line"]), m["function"]) for m in frames if m])

    def _told(self) -> Iterator[dict[str, Any]]:
        for line in self._program.lines:
            with suppress(ValueError):
                facts = json.loads(line)
                if isinstance(facts, dict) and "kind" in facts:
                    yield facts

    def own_line(self, stack: Sequence[Sequence[Any]]) -> SourceLine | None:
        """The innermost line of the learner's."""
        for file, line in stack:
            path = Path(str(file))
            if path.is_relative_to(self._project):
                return SourceLine(path.relative_to(self._project).as_posix(), int(line))
        return None
