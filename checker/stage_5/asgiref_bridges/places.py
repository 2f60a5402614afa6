"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import re

from checker.harness.lines import own_files, own_line
from checker.harness.run import Run
from checker.harness.task_lines import line_awaiting_each
from course.model import SourceLine

FIRST_FILE = "depot/bridges.py"
FETCH = r"\bfetch\b"
LIMITS = r"Semaphore\(|PoolExecutor\(|Lock\("


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all; no import."""
    return own_line(run, FIRST_FILE, *(rf"^(?!from |import ).*(?:{pattern})" for pattern in patterns))


def definition(run: Run, function: str) -> SourceLine | None:
    """Where this function of theirs begins."""
    return line(run, rf"def {function}\b")


def limit(run: Run) -> SourceLine | None:
    """Where a fetch takes any thread there is; else what says how many there may be."""
    return line(run, rf"to_thread\(.*{FETCH}", LIMITS, FETCH)


def turns(run: Run, function: str, call: str) -> SourceLine | None:
    """What makes the calls of this function take turns: a loop that awaits each, a bridge into one thread, a limit."""
    in_turn = line_awaiting_each(run.project, own_files(run, FIRST_FILE), "parcels", function=function)
    return in_turn or line(run, rf"to_async\(.*\b{call}\b", LIMITS, rf"\b{call}\b")


def ending(run: Run) -> SourceLine | None:
    """What starts the fetches of a batch, and would have to end them."""
    return line(run, r"shield\(", r"gather\(|as_completed\(|\.wait\(|TaskGroup\(", r"(create_task|ensure_future)\(")


def bridge(run: Run, what: str) -> SourceLine | None:
    """Where this function of the SDK, or the register, is handed to a thread or to a loop; else where it is called."""
    name = re.escape(what.replace("-", "_"))
    bare = r"(?:run_in_executor|submit|Thread)\("
    return line(run, rf"{bare}.*\b{name}", rf"(?:to_async|to_sync|to_thread)\(.*\b{name}\b", bare, rf"\b{name}\b")


def register(run: Run) -> SourceLine | None:
    """Where a register is opened, by hand if any is."""
    return line(run, r"(?<!with )aio\.Register\(\)", r"Register\(\)")


def error(run: Run, name: str, *, in_group: bool) -> SourceLine | None:
    """What makes another error of this one, or none."""
    broad = (r"return_exceptions", r"except\s*:|except (?:Base)?Exception\b")
    return line(run, *([r"TaskGroup\("] if in_group else broad), rf"except.*\b{name}\b")


def coroutine(run: Run, name: str) -> SourceLine | None:
    """Where the coroutine of this function is made, or the function passed on."""
    return line(run, rf"(?<!def )\b{name}\(", rf"(?<!def )\b{name}\b", rf"def {name}\b")
