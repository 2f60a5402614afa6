"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checker.harness.learner_files import tree_of
from checker.harness.lines import own_code, own_files, own_line
from checker.harness.run import Run
from course.model import SourceLine

HUB_FILE = "plant/hub.py"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all."""
    return own_line(run, HUB_FILE, *patterns)


def leases(run: Run) -> SourceLine | None:
    """Where a sensor is leased."""
    return line(run, r"\bSensor\.lease\(", r"\.lease\(")


def reads(run: Run) -> SourceLine | None:
    """Where it is read."""
    return line(run, r"\.read\(")


def releases(run: Run) -> SourceLine | None:
    """Where it is given back; else where it was leased."""
    return line(run, r"\.release(?:\(\)|\b(?!\())") or leases(run)


def leaks(run: Run) -> SourceLine | None:
    """What an error passes by on its way out: a `yield` without `finally`; else where only some errors are caught."""
    return _bare_yield(run) or line(run, r"except\s+Exception\b", r"except .*\bHubDown\b.*:") or leases(run)


def takes_room(run: Run) -> SourceLine | None:
    """Where a place among the five is taken, or else where there are five of them."""
    return line(run, r"\.acquire\(", r"Semaphore\(", r"Condition\(", r"Queue\(", r"\b5\b") or leases(run)


def deadline(run: Run) -> SourceLine | None:
    """Where a page's time is limited."""
    return line(run, r"\btimeout(?:_at)?\(", r"\bwait_for\(", r"[\"']deadline[\"']")


def late(run: Run) -> SourceLine | None:
    """Where the end of a page's time is caught."""
    return line(run, r"except .*\bOSError\b", r"except .*TimeoutError", r"except\b") or deadline(run)


def failures(run: Run) -> SourceLine | None:
    """Where the hub's failures are caught."""
    return line(run, r"except .*\bHubDown\b", r"except\b", r"502")


def opens(run: Run) -> SourceLine | None:
    """Where the process's line is opened."""
    return line(run, r"\bLine\.open\(", r"\.open\(")


def opens_for_visitors(run: Run) -> SourceLine | None:
    """The last such line: who writes two has the startup's above."""
    found = [place for place in own_code(run, HUB_FILE) if "Line.open(" in place.doing]
    return found[-1] if found else opens(run)


def closes(run: Run) -> SourceLine | None:
    """Where it is closed; else where it is opened."""
    return line(run, r"\.close\b") or opens(run)


def goes_on(run: Run) -> SourceLine | None:
    """What lets calls go on when their page is over."""
    others = r"\bgather\((?!.*releas)", r"\bshield\((?!.*(?:releas|giv))"
    return line(run, *others, r"\bcreate_task\(", r"except\s*:", r"except .*(?:BaseException|CancelledError)")


def _bare_yield(run: Run) -> SourceLine | None:
    """A `yield` of an async context manager that no `try` with a `finally`, and no `with`, stands around."""
    for file in own_files(run, HUB_FILE):
        for function in ast.walk(tree_of(run.project / file)):
            if isinstance(function, _Function) and _lends_sensors(function):
                for number in _unguarded(function.body):
                    return next((one for one in own_code(run, file) if (one.file, one.line) == (file, number)), None)
    return None


def _lends_sensors(function: _Function) -> bool:
    """Whether it is an async context manager that leases, or releases."""
    return "asynccontextmanager" in ast.dump(ast.List(function.decorator_list)) and "lease" in ast.dump(function)


def _unguarded(body: list[ast.stmt]) -> Iterator[int]:
    for statement in body:
        match statement:
            case ast.With() | ast.AsyncWith():
                continue
            case ast.Try():
                if not statement.finalbody:
                    yield from _unguarded(statement.body)
            case ast.For() | ast.While() | ast.If() | ast.AsyncFor():
                yield from _unguarded(statement.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case _:
                yield from (node.lineno for node in ast.walk(statement) if isinstance(node, ast.Yield))
