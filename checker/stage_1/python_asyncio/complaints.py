"""What Python complains of on a desk's stderr: a crash, a coroutine never awaited, a task left to itself."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from checker.harness.findings import NotYet, fail
from checker.harness.program import Program
from checker.stage_1.python_asyncio.tracebacks import last_error, last_frame
from course.model import Finding

CRASHED = "Traceback (most recent call last)"
NEVER_AWAITED = "was never awaited"
DESTROYED = "Task was destroyed but it is pending"
COMPLAINTS = ("exception was never retrieved", DESTROYED)


def judge_warnings(program: Program, project: Path, wanted: str) -> None:
    """End the check when a coroutine was never awaited, or a task was left to itself; else return."""
    errors = program.errors
    if NEVER_AWAITED in errors:
        at = errors.index(NEVER_AWAITED)
        line = errors[errors.rfind("\n", 0, at) + 1 :].splitlines()[0]
        # With -X dev the stack that made the coroutine may follow; else what went wrong with it tells more.
        place = last_frame(errors[at:].split(CRASHED)[0], project) or last_frame(errors, project)
        # asyncio.run() inside a loop raises, and leaves its coroutine behind: the error is the news.
        if "cannot be called from a running event loop" not in errors:
            saw = line.split("RuntimeWarning: ")[-1]
            fail("forgotten-await", wanted=wanted, saw=saw, where=place)
    lines = errors.splitlines()
    for number, line in enumerate(lines):
        if not any(complaint in line for complaint in COMPLAINTS):
            continue
        # gather() under wait_for() leaves a cancelled future behind (Python 3.11): asyncio's doing, not theirs.
        if any("exception=CancelledError" in after for after in lines[number : number + 2]):
            continue
        rest = lines[number + 1 :]
        error = last_error(rest)
        tidy = "no task is forgotten with an error in it, or in the middle of its work"
        saw = f"on stderr: {line}{f': {error}' if error else ''}"
        fail("untidy-end", wanted=tidy, saw=saw, where=last_frame("\n".join(rest), project))


def judge_crash(program: Program, project: Path, wanted: str, code: str) -> NoReturn:
    """End the check with what the desk crashed of: under this code when a call's failure, or its end, has done it."""
    errors = program.errors
    raised = last_error(errors.splitlines())
    kinds = ("UpstreamError", "TimeoutError", "CancelledError", "ExceptionGroup", "ConnectionResetError")
    if code == "program-crashed" or not any(kind in errors for kind in kinds):
        finding = program.crashed(wanted).finding
        where = last_frame(errors, project) or finding.where
        raise NotYet(Finding("program-crashed", wanted, finding.saw, where))
    fail(code, wanted=wanted, saw=f"the desk ended with {raised}", where=last_frame(errors, project))
