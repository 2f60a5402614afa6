"""Deployment with Gunicorn, systemd: it starts, reloads and stops the reports service."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.servers.systemd import SystemdService
from checker.harness.signals import signal_named
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.gunicorn_deployment.overrides import Printing, expect_profile_kept, lines_of_systemd
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S, LONGEST_REPORT_S, Profile
from checker.stage_2.gunicorn_deployment.stack import SERVICE_FILE
from checker.stage_2.gunicorn_deployment.stop import expect_finish_through_stop
from checker.stage_2.gunicorn_deployment.units import expect_systemd_grace, stop_line
from checker.stage_2.gunicorn_deployment.visitor import CHANGE_DEADLINE_S, Visitor, master_of
from course.model import SourceLine
from course.pictures import BarKind

# After a signal that replaces no worker, somebody new is not to be expected.
NOBODY_NEW_S = 5.0
# The signal of `kill -s HUP`, `kill -HUP`, `kill -1`, perhaps in a shell's text.
KILL_SIGNAL = re.compile(r"(?:-s\s*|--signal[= ]|(?<=\s)-)((?:SIG)?[A-Z]+[0-9]?|[0-9]+)\b")


@pytest.mark.usefixtures("_sound_units")
def test_systemd_takes_the_units() -> None:
    """The units are what systemd wants to read."""


@needs("test_systemd_takes_the_units", "test_eight_reports_run_whichever_worker_they_meet")
def test_gunicorn_takes_systemds_socket(
    service: SystemdService, project: Path, profiles: Mapping[str, Profile], service_printing: Printing
) -> None:
    """Under systemd, gunicorn runs by the profile, takes its socket, tells that it is ready, and answers there."""
    service.expect_ready("/hello/")
    if not service.wait_notified(GENEROUS_S):
        saw = "it answers, and never told READY=1: systemctl start hangs, and gives up"
        fail(
            "not-notified", wanted="gunicorn tells systemd that it is ready", saw=saw, where=SourceLine(SERVICE_FILE, 1)
        )
    lines = lines_of_systemd(service.unit, project)
    expect_profile_kept(service_printing, service.main_pid, profiles["reports"], "systemd", lines)


@needs("test_gunicorn_takes_systemds_socket")
def test_systemctl_reload_replaces_the_workers(service: SystemdService, picture: Picture) -> None:
    """A reload by systemd replaces the workers, and no request is lost."""
    visitor = Visitor(service)
    old = master.worker_pids(service, service.main_pid) | {visitor.ask()}
    where = service.unit.place("ExecReload", service.run.project) or SourceLine(SERVICE_FILE, 1)
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


@needs("test_gunicorn_takes_systemds_socket")
def test_systemd_lets_a_report_finish(
    service: SystemdService, project: Path, profiles: Mapping[str, Profile], gate: Gate, stack: Stack
) -> None:
    """A stop by systemd lets a report finish."""
    expect_systemd_grace(project, service.unit, profiles["reports"], LONGEST_REPORT_S)
    where, stop = stop_line(service.unit, project), partial(stack.retire, service)
    expect_finish_through_stop(service, gate, "report", stop, master_pid=service.main_pid, where=where)
