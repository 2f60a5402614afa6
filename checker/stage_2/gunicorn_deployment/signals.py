"""What KILL, ABRT and HUP do to a service that has requests under way."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.learner_files import text_of
from checker.harness.log import last_lines
from checker.harness.waiting import wait_until
from checker.stage_2.gunicorn_deployment.profiles import FIRST_RELEASE, GENEROUS_S, SECOND_RELEASE, Profile
from course.model import SourceLine

STACK_DEADLINE_S = 10.0
LAST_LINES = 6
# Whatever writes the stack (traceback, faulthandler, a logger of one's own), it names file and function in one line.
STACK_LINE = re.compile(r"views\.py.*\breport\b|\breport\b.*views\.py")


def expect_crash_takes_one(exports: Profile, tags: Sequence[str]) -> None:
    """Kill the worker of the first of these exports: the others are answered, and a new worker takes one more."""
    server, count = exports.server, exports.settings.slots.workers
    master.wait_for_workers(server, count)
    running = exports.send("export", tags)
    exports.expect_all_run(running, len(tags), f"{len(tags)} exports in the database at once")
    before = master.worker_pids(server)
    victim = master.wait_pid_of(server, running[tags[0]])
    hit = [tag for tag, request in running.items() if master.wait_pid_of(server, request) == victim]
    master.kill_worker(server, victim)
    for tag in hit:
        running.pop(tag).wait_answer(GENEROUS_S)
    if len(hit) > 1:
        fail(
            "crash-takes-others",
            wanted="when one export takes its process down, the others are answered",
            saw=f"exports {', '.join(hit)} broke together: all were in one process, pid {victim}",
            where=exports.line("workers", "threads"),
        )
    master.wait_for_workers(server, count)
    running |= exports.send("export", ["again"])
    exports.expect_all_run(running, len(tags), "one more export runs, after its worker was killed")
    if master.wait_pid_of(server, running["again"]) in before:
        raise LookupError("a worker that was busy took a second export")
    exports.expect_answered(running, "export")


def expect_abort_tells_where(reports: Profile, gate: Gate) -> None:
    """Send SIGABRT, as gunicorn does at a timeout, to a worker with a report: the log names the report's line."""
    server, count = reports.server, reports.settings.slots.workers
    master.wait_for_workers(server, count)
    running = reports.send("report", ["stuck"])
    gate.wait_tag("stuck", GENEROUS_S)
    victim = master.wait_pid_of(server, running["stuck"])
    log, seen_before = server.process.log, len(server.process.log.text)
    master.send(server, signal.SIGABRT, victim)
    # gunicorn says so when the hooks are through, unless the profile has made it quieter.
    is_over = f"Worker exiting (pid: {victim})"
    wait_until(lambda: STACK_LINE.search(text := log.text[seen_before:]) or is_over in text, STACK_DEADLINE_S)
    told = STACK_LINE.search(log.text[seen_before:])
    gate.open()
    running["stuck"].wait_answer(GENEROUS_S)
    master.wait_gone(server, frozenset({victim}))
    if not told:
        lines = last_lines(log.text[seen_before:], LAST_LINES) or ["nothing"]
        fail(
            "stack-not-told",
            wanted="a worker that gets SIGABRT writes to the log in which line of views.py its report was",
            saw="\n".join(["no line names report() in views.py, but", *(f"  {line}" for line in lines)]),
            where=_hook(reports),
        )


def expect_reload_serves_the_new(reports: Profile, gate: Gate, release_file: Path) -> None:
    """Deploy a release and send HUP while a report is under way: nobody gets an error, and new workers have it."""
    server, count = reports.server, reports.settings.slots.workers
    # A worker that still imports would take the new release without any reload.
    old = master.wait_for_workers(server, count) or master.worker_pids(server)
    running = reports.send("report", ["old"])
    gate.wait_tag("old", GENEROUS_S)
    wanted = "after HUP, new workers serve the new release, while the old ones finish what they have"
    try:
        release_file.write_text(SECOND_RELEASE)
        master.reload(server)
        answer = master.wait_until_new_workers_answer(server, "/release/", old)
    finally:
        release_file.write_text(FIRST_RELEASE)
    if answer is None:
        fail("old-release", wanted=wanted, saw="no new worker answered", where=reports.line("preload_app", "workers"))
    if answer.text != SECOND_RELEASE:
        saw = f"a new worker serves the {answer.text!r} release: the project was imported before it was forked"
        fail("old-release", wanted=wanted, saw=saw, where=reports.line("preload_app"))
    reports.expect_answered(running, "report")
    if master.wait_gone(server, old):
        return
    fail("old-release", wanted=wanted, saw="old workers were still there when their last request was done")


def _hook(reports: Profile) -> SourceLine:
    """Where the hook is written, when the profile names it; else the profile that does not."""
    project = reports.server.run.project
    if "worker_abort" in text_of(project / reports.file):
        for file in sorted(project.glob("deploy/**/*.py")):
            for number, line in enumerate(text_of(file).splitlines(), 1):
                if line.startswith("def worker_abort"):
                    return SourceLine(file.relative_to(project).as_posix(), number, "worker_abort")
    return reports.line("worker_abort")
