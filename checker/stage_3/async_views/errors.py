"""What keeps a page from its answer: an error that the probe saw, a loop that stands still; and the line to blame."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection
from dataclasses import replace
from linecache import getline

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import NotYet, fail
from checker.harness.history import Event
from checker.harness.learner_files import text_of, tree_of
from checker.harness.server import Server
from checker.harness.task_lines import (
    line_awaiting_each,
    line_awaiting_in_order,
    line_calling,
    line_starting_from,
)
from course.model import SourceLine

GIVEN = ("desk/suppliers.py", "desk/invoice_sdk.py")
KNOWN_ERRORS = {
    "coroutine-in-rest": re.compile(
        r"^.*returned from the view, but received a `<class 'coroutine'>`.*$", re.MULTILINE
    ),
    "sync-only-operation": re.compile(r"^.*SynchronousOnlyOperation: .*$", re.MULTILINE),
    "loop-bound-object": re.compile(r"^.*(?:different (?:event )?loop|Event loop is closed).*$", re.MULTILINE),
    "forgotten-await": re.compile(
        r"^.*(?:'coroutine' object|unawaited coroutine|type coroutine|(?:object|got) coroutine$).*$", re.MULTILINE
    ),
}
STACK_LINE = re.compile(r"^(.*):(\d+) (.*)$", re.MULTILINE)
TRACEBACK_LINE = re.compile(r'File "(.*)", line (\d+), in (.*)')


def wait_error_of(server: Server, request: str, deadline_s: float = 2.0) -> Event | None:
    """The error that ended this request, as the probe saw it."""
    return server.run.history.wait_for(
        EventKind.APP_RAISED, lambda e: bool(e["request"] == request), deadline_s=deadline_s
    )


def judge_error(server: Server, error: Event | None, wanted: str, otherwise: SourceLine | None = None) -> None:
    """End the check when this error is one that this exercise is about, also when a task group has wrapped it.

    `otherwise` is the line to blame where the traceback holds none of the project's.
    """
    if error is None:
        return
    text = f"{error['type']}: {error['message']}\n{error['traceback']}"
    for code, pattern in KNOWN_ERRORS.items():
        if match := pattern.search(text):
            fail(code, wanted=wanted, saw=match[0].strip(" |+"), where=learners_line(server, error) or otherwise)


def learners_line(server: Server, event: Event) -> SourceLine | None:
    """The innermost line of the project in the event's stack or traceback, passing over the given modules."""
    is_stall = event.get("stack") is not None
    text, pattern = ("\n".join(event["stack"]), STACK_LINE) if is_stall else (event["traceback"], TRACEBACK_LINE)
    for path, line, function in reversed(pattern.findall(text)):
        file = os.path.relpath(path, server.run.project)
        if not file.startswith("..") and "site-packages" not in file and file not in GIVEN:
            return SourceLine(file, int(line), function.rpartition(".")[2], getline(path, int(line)).strip())
    return event.where


def line_of_tasks(server: Server, view: str) -> SourceLine | None:
    """The one line that starts tasks for this view, which then has to end them; None when there are more, or none."""
    return line_starting_from(server.run.project, _own_files(server), view)


def line_of_turns(server: Server, view: str) -> SourceLine | None:
    """The line of this view that waits for one supplier before it asks the next, or has calls take turns."""
    in_turn = line_awaiting_each(server.run.project, _own_files(server), "NAMES", function=view, blocking="fetch")
    return in_turn or line_of_call(server, {"sync_to_async"}, view)


def line_of_call(server: Server, names: Collection[str], view: str = "") -> SourceLine | None:
    """The one line that calls something of these names, for this view if one is named; None when there are more."""
    return line_calling(server.run.project, _own_files(server), names, view)


def line_of_list_order(server: Server, view: str) -> SourceLine | None:
    """The one line, for this view, that waits for tasks in the order in which they stand."""
    return line_awaiting_in_order(server.run.project, _own_files(server), view)


def line_writing(server: Server, pattern: str) -> SourceLine | None:
    """The one line with a literal in which this is found, in either case of letters; None when there are more."""
    project, wanted = server.run.project, re.compile(pattern, re.IGNORECASE)
    found = {
        (file, node.lineno)
        for file in _own_files(server)
        for node in ast.walk(tree_of(project / file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if wanted.search(node.value if isinstance(node.value, str) else node.value.decode("latin-1"))
    }
    if len(found) != 1:
        return None
    file, line = found.pop()
    return SourceLine(file, line, doing=text_of(project / file).splitlines()[line - 1].strip())


def _own_files(server: Server) -> list[str]:
    """The learner's own modules, as paths in the project."""
    project = server.run.project
    files = sorted(path.relative_to(project).as_posix() for path in (project / "desk").rglob("*.py"))
    return [file for file in files if file not in GIVEN]


def expect_free_loop(server: Server, since: float, wanted: str, deadline_s: float = 0.5) -> None:
    """End the check when the loop has stood still since then."""
    if stall := diagnosis.wait_blocked_loop(server, since=since, deadline_s=deadline_s):
        finding = diagnosis.loop_blocked(stall, wanted).finding
        raise NotYet(replace(finding, where=learners_line(server, stall)))
