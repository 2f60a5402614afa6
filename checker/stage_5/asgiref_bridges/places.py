"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import re

from checker.harness.lines import own_code, own_line
from checker.harness.run import Run
from course.model import SourceLine

FIRST_FILE = "depot/bridges.py"
FETCH = r"\bfetch\b"


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all; no import."""
    return own_line(run, FIRST_FILE, *(rf"^(?!from |import ).*(?:{pattern})" for pattern in patterns))


def limit(run: Run) -> SourceLine | None:
    """What says how many fetches there may be at once; else what calls one."""
    return line(run, r"Semaphore\(|PoolExecutor\(", rf"{FETCH}.*(?:to_async|executor)|to_thread.*{FETCH}", FETCH)


def turns(run: Run) -> SourceLine | None:
    """What makes fetches take turns: a bridge into one thread, a lock, a small pool, a loop that awaits each."""
    return line(
        run,
        rf"to_async\(.*{FETCH}",
        rf"await .*{FETCH}.*\bfor\b",
        r"Semaphore\(|PoolExecutor\(|Lock\(",
        rf"await .*{FETCH}",
        FETCH,
    )


def ending(run: Run) -> SourceLine | None:
    """What starts the fetches of a batch, and would have to end them."""
    return line(run, r"shield\(", r"gather\(|as_completed\(|\.wait\(|TaskGroup\(", r"(create_task|ensure_future)\(")


def bridge(run: Run, what: str) -> SourceLine | None:
    """Where this function of the SDK is handed to a thread, or called."""
    name = re.escape(what.replace("-", "_"))
    return line(run, rf"(?:to_async|to_thread|executor|submit|Thread)\(.*\b{name}\b", rf"\b{name}\b")


def register(run: Run) -> SourceLine | None:
    """Where a register is opened."""
    return line(run, r"Register\(\)", r"\.open\(\)")


def asks(run: Run) -> SourceLine | None:
    """Where the register is asked for an addressee."""
    return line(run, r"\.look_up\b")


def told(run: Run, word: str) -> SourceLine | None:
    """The first line of theirs with this word."""
    return next((place for place in own_code(run, FIRST_FILE) if word in place.doing), None)
