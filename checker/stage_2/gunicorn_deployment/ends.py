"""What a kill, an abort and a reload do to a service that has requests under way."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.servers.systemd import SystemdService
from checker.harness.signals import signal_named
from checker.stage_2.gunicorn_deployment.profiles import FIRST_RELEASE, GENEROUS_S, SECOND_RELEASE, Profile
from checker.stage_2.gunicorn_deployment.units import SERVICE_FILE
from checker.stage_2.gunicorn_deployment.watch import CHANGE_DEADLINE_S, Visitor, master_of
from course.model import BarKind, Place

STACK_DEADLINE_S = 10.0
LOOK_AGAIN_S = 0.05
LAST_LINES = 6
# After a signal that replaces no worker, somebody new is not to be expected.
NOBODY_NEW_S = 5.0
# The signal of `kill -s HUP`, `kill -HUP`, `kill -1`, perhaps in a shell's text.
KILL_SIGNAL = re.compile(r"(?:-s\s*|--signal[= ]|(?<=\s)-)((?:SIG)?[A-Z]+[0-9]?|[0-9]+)\b")
# Whatever writes the stack (traceback, faulthandler, a logger of one's own), it names file and function in one line.
STACK_LINE = re.compile(r"views\.py.*\breport\b|\breport\b.*views\.py")


def a_crash_takes_one(exports: Profile, tags: Sequence[str]) -> None:
    """Kill the worker of the first of these exports: the others are answered, and a new worker takes one more."""
    server, count = exports.server, exports.settings.slots.workers
    master.wait_for_workers(server, count)
    running = exports.send("export", tags)
    exports.all_run(running, len(tags), f"{len(tags)} exports in the database at once")
    before = master.worker_pids(server)
    victim = master.pid_of(server, running[tags[0]])
    hit = [tag for tag, request in running.items() if master.pid_of(server, request) == victim]
    master.kill_worker(server, victim)
    for tag in hit:
        running.pop(tag).answer(GENEROUS_S)
    if len(hit) > 1:
        fail(
            "crash-takes-others",
            wanted="when one export takes its process down, the others are answered",
            saw=f"exports {', '.join(hit)} broke together: all were in one process, pid {victim}",
            where=exports.line("workers", "threads"),
        )
    master.wait_for_workers(server, count)
    running |= exports.send("export", ["again"])
    exports.all_run(running, len(tags), "one more export runs, after its worker was killed")
    if master.pid_of(server, running["again"]) in before:
        raise LookupError("a worker that was busy took a second export")
    exports.answered(running, "export")


def an_abort_tells_where_it_was(reports: Profile, gate: Gate) -> None:
    """Send SIGABRT, as gunicorn does at a timeout, to a worker with a report: the log names the report's line."""
    server, count = reports.server, reports.settings.slots.workers
    master.wait_for_workers(server, count)
    running = reports.send("report", ["stuck"])
    gate.wait_tag("stuck", GENEROUS_S)
    victim = master.pid_of(server, running["stuck"])
    log, seen_before = server.process.log, len(server.process.log.text)
    sent = master.send(server, signal.SIGABRT, victim)
    while not (told := STACK_LINE.search(log.text[seen_before:])):
        # gunicorn says so when the hooks are through, unless the profile has made it quieter.
        is_over = f"Worker exiting (pid: {victim})" in log.text[seen_before:]
        if is_over or server.run.history.now() > sent + STACK_DEADLINE_S:
            told = STACK_LINE.search(log.text[seen_before:])
            break
        server.process.wait(LOOK_AGAIN_S)
    gate.open()
    running["stuck"].answer(GENEROUS_S)
    master.wait_gone(server, frozenset({victim}))
    if not told:
        lines = log.text[seen_before:].strip().splitlines()[-LAST_LINES:] or ["nothing"]
        fail(
            "stack-not-told",
            wanted="a worker that gets SIGABRT writes to the log in which line of views.py its report was",
            saw="\n".join(["no line names report() in views.py, but", *(f"  {line}" for line in lines)]),
            where=_hook(reports),
        )


def a_reload_serves_the_new_release(reports: Profile, gate: Gate, release_file: Path) -> None:
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
    reports.answered(running, "report")
    if master.wait_gone(server, old):
        return
    fail("old-release", wanted=wanted, saw="old workers were still there when their last request was done")


def a_reload_by_systemd_replaces_the_workers(service: SystemdService, picture: Picture) -> None:
    """Run the unit's ExecReload while somebody asks: new workers of the same master answer, and nobody is lost."""
    visitor = Visitor(service)
    old = master.worker_pids(service, service.main_pid) | {visitor.ask()}
    where = service.unit.place("ExecReload", service.run.project) or Place(SERVICE_FILE, 1)
    command = service.unit.value("ExecReload")
    found = KILL_SIGNAL.search(command)
    # TERM is what `kill` sends when it is told nothing else. A program that is no `kill` may send anything.
    number = signal_named(found[1] if found else "TERM") if "kill" in command else None
    deadline_s = CHANGE_DEADLINE_S if number in (None, signal.SIGHUP) else NOBODY_NEW_S
    sent = service.run.history.now()
    new = 0
    try:
        complaint = service.reload()
        if not complaint:
            new = visitor.ask_until_other_than(old, lambda: service.process.returncode is not None, deadline_s)
    finally:
        until = service.run.history.now()
        reload = Lane(
            "reload", [Stretch(sent, until, BarKind.WAITING)], note="until a new worker answered" if new else ""
        )
        picture.lanes("who answered /pid/", [reload, *visitor.lanes()])
    told = f"ExecReload sends {number.name}: " if number else "after ExecReload, "
    if not complaint and service.process.returncode is not None:
        complaint = f"{told}gunicorn ended by it"
    elif not complaint and not new:
        complaint = f"{told}the old workers went on, and no new one answered"
    elif not complaint and master_of(service, new) not in (0, service.main_pid):
        complaint = f"{told}a second master was started, and the old one goes on"
    elif not complaint and visitor.lost:
        complaint = f"{visitor.lost} requests were lost"
    if complaint:
        wanted = "new workers answer after systemctl reload, under the same master"
        fail("reload-fails", wanted=wanted, saw=complaint, where=where)


def serves_what_it_started_with(profile: Profile) -> None:
    """The profile switches no reloader on."""
    if profile.settings.printed.get("reload") == "True":
        fail(
            "reloader",
            wanted="a service serves the code that it was started with",
            saw="reload = True: gunicorn watches every file, and restarts its workers under the visitors' hands",
            where=profile.line("reload"),
        )


def _hook(reports: Profile) -> Place:
    """Where the hook is written, when the profile names it; else the profile that does not."""
    project = reports.server.run.project
    if "worker_abort" in (project / reports.file).read_text(encoding="utf-8", errors="replace"):
        for file in sorted(project.glob("deploy/**/*.py")):
            for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if line.startswith("def worker_abort"):
                    return Place(file.relative_to(project).as_posix(), number, "worker_abort")
    return reports.line("worker_abort")
