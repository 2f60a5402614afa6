"""What the learner's web.service and web.socket say, and what systemd makes of them. Starts nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from signal import SIGTERM

from checker.harness.findings import fail
from checker.harness.learner_files import expect_bytes
from checker.harness.signals import signal_named
from checker.harness.systemd.unit import Unit, read_unit
from checker.harness.systemd.verify import verify
from checker.stage_2.gunicorn_deployment.faults import expect_all
from checker.stage_2.gunicorn_deployment.profiles import Profile, expect_gunicorn_grants
from checker.stage_2.gunicorn_deployment.stack import SERVICE_FILE, SOCKET_FILE
from course.model import SourceLine

# What systemd waits for when the unit does not say.
TIMEOUT_STOP_S = 90.0
MOST_COMPLAINTS = 8  # that a finding quotes
ROOTS = ("", "root", "0")
TRUE = frozenset({"yes", "true", "on", "1"})
# Values of Restart= that start again what was killed.
REVIVING = ("always", "on-failure", "on-abnormal", "on-abort")


def expect_sound_units(project: Path) -> Unit:
    """What `systemd-analyze verify` says, where it exists, and what a server would say at the start. The service."""
    for name in (SERVICE_FILE, SOCKET_FILE):
        expect_bytes(project, name)
    unit, socket = read_unit(project / SERVICE_FILE), read_unit(project / SOCKET_FILE)
    wanted = "systemd takes web.service and web.socket without a complaint"
    for file in (unit, socket):
        for number in file.ignored_lines:
            name = file.path.relative_to(project).as_posix()
            fail("unit-refused", wanted=wanted, saw=f"{name}:{number} is no directive", where=SourceLine(name, number))
    if not socket.all("ListenStream"):
        saw = "web.socket has no ListenStream=: systemd has nothing to listen at"
        fail("no-listening-socket", wanted="systemd opens the socket", saw=saw, where=SourceLine(SOCKET_FILE, 1))
    if socket.value("Accept").lower() in TRUE:
        saw = "Accept=yes: systemd accepts each connection itself, and starts a service web@.service for every one"
        fail("unit-refused", wanted=wanted, saw=saw, where=socket.place("Accept", project))
    expect_all(
        partial(_expect_whole_path, unit, project),
        partial(_expect_notified, unit, project),
        partial(_expect_revived, unit, project),
        partial(_expect_somebody, unit, project),
    )
    complaints = verify([unit.path, socket.path])
    if complaints:
        fail("unit-refused", wanted=wanted, saw="\n".join(["systemd-analyze verify:", *complaints[:MOST_COMPLAINTS]]))
    return unit


def _expect_whole_path(unit: Unit, project: Path) -> None:
    start = unit.commands("ExecStart")
    if start and not start[0].is_absolute:
        fail(
            "relative-program",
            wanted="ExecStart names gunicorn by its whole path, as in /srv/depot/.venv/bin/gunicorn",
            saw=f"{start[0].program!r}: systemd looks in its own folders, and a virtual environment is none of them",
            where=unit.place("ExecStart", project),
        )


def _expect_notified(unit: Unit, project: Path) -> None:
    type_ = unit.value("Type", "simple")
    if type_ == "notify":
        return
    where = unit.place("Type", project) or SourceLine(SERVICE_FILE, 1)
    if type_ == "notify-reload":
        fail(
            "reload-not-notified",
            wanted="a reload is over when gunicorn has got its signal",
            # gunicorn/arbiter.py sends READY=1 at its start, and nothing at HUP (27.0).
            saw="Type=notify-reload: at each reload systemd waits for RELOADING=1, which gunicorn never sends, "
            "and in the end takes the reload for failed",
            where=where,
        )
    wanted = "the service counts as started when gunicorn says so (READY=1)"
    fail("not-notified", wanted=wanted, saw=f"Type={type_}: systemd does not listen for it", where=where)


def _expect_revived(unit: Unit, project: Path) -> None:
    restart = unit.value("Restart", "no")
    if restart not in REVIVING:
        fail(
            "not-revived",
            wanted="systemd starts gunicorn again when it was killed",
            saw=f"Restart={restart}" if unit.all("Restart") else "no Restart=: systemd leaves a dead service dead",
            where=unit.place("Restart", project) or unit.place("ExecStart", project),
        )


def _expect_somebody(unit: Unit, project: Path) -> None:
    user, start = unit.value("User"), unit.commands("ExecStart")
    wanted = "the service runs as a user of its own"
    # systemd.service(5): with "+" the command has all rights, with "!" User= does not change whose it is.
    if start and (mark := next((mark for mark in start[0].prefixes if mark in "+!"), "")):
        saw = f"ExecStart={mark}...: systemd runs this command as root, whatever User= says"
        fail("runs-as-root", wanted=wanted, saw=saw, where=unit.place("ExecStart", project))
    if user in ROOTS and unit.value("DynamicUser").lower() not in TRUE:
        fail(
            "runs-as-root",
            wanted=wanted,
            saw=f"User={user}" if user else "no User=: a service of the system runs as root",
            where=unit.place("User", project) or unit.place("ExecStart", project),
        )


def expect_systemd_grace(project: Path, unit: Unit, reports: Profile, longest_s: int) -> None:
    """Neither gunicorn nor systemd kills a report before its time is over."""
    expect_gunicorn_grants(reports, longest_s, f"a report that is under way at a stop has {longest_s} s to finish")
    # TimeoutSec= sets TimeoutStartSec= and TimeoutStopSec=; the last that is written counts, and 0 is "infinity".
    written = [directive.name for directive in unit.directives if directive.name in {"TimeoutStopSec", "TimeoutSec"}]
    name = written[-1] if written else "TimeoutStopSec"
    wait_s = unit.seconds(name, TIMEOUT_STOP_S) or float("inf")
    if wait_s <= reports.settings.graceful_timeout_s:
        fail(
            "too-little-grace",
            wanted="systemd waits longer for gunicorn than gunicorn does for its workers",
            saw=f"{name} is {wait_s:.0f} s, graceful_timeout {reports.settings.graceful_timeout_s} s: "
            "systemd kills everything first",
            where=unit.place(name, project),
        )


def stop_line(unit: Unit, project: Path) -> SourceLine | None:
    """The line to blame when a stop cuts a request off: a KillSignal of its own, ExecStop, or else KillMode."""
    named = signal_named(unit.value("KillSignal"))
    names = (
        ("KillSignal", "ExecStop", "KillMode")
        if named not in (None, SIGTERM)
        else ("ExecStop", "KillSignal", "KillMode")
    )
    return next((place for name in names if (place := unit.place(name, project))), None)
