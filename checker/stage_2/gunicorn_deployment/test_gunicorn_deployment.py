"""Checks of Deployment with Gunicorn: three profiles that keep what they promise, and three ways to keep them running.

"At the same time" is counted at the Gate, for which the depot's supplier and its database wait.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checker.harness.containers.dockerfile import read as read_dockerfile
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.servers.container import Container
from checker.harness.servers.supervisord import Supervisor
from checker.harness.servers.systemd import SystemdService
from checker.harness.suite import needs
from checker.stage_2.gunicorn_deployment.addresses import listens_to_itself_only
from checker.stage_2.gunicorn_deployment.ends import (
    a_crash_takes_one,
    a_reload_by_systemd_replaces_the_workers,
    a_reload_serves_the_new_release,
    an_abort_tells_where_it_was,
    serves_what_it_started_with,
)
from checker.stage_2.gunicorn_deployment.image import a_stop_is_asked_for, dockerfile_is_sound, has_a_plain_port
from checker.stage_2.gunicorn_deployment.overrides import (
    lines_of_docker,
    lines_of_supervisor,
    lines_of_systemd,
    runs_by_the_profile,
)
from checker.stage_2.gunicorn_deployment.profiles import FIRST_RELEASE, GENEROUS_S, Profile, is_sync, start_all
from checker.stage_2.gunicorn_deployment.units import (
    SERVICE_FILE,
    SOCKET_FILE,
    SUPERVISOR_FILE,
    gunicorn_grants,
    program_setting,
    stop_line,
    supervisor_grants_the_grace,
    supervisor_tries_long_enough,
    systemd_grants_the_grace,
    units_are_sound,
)
from checker.stage_2.gunicorn_deployment.watch import (
    CHANGE_DEADLINE_S,
    GivenUp,
    Visitor,
    descends_from,
    finishes_through_a_stop,
    master_of,
)
from course.model import Place

EXPORTS = ("1", "2", "3")
WAITING_EXPORTS = ("4", "5", "6")
SEVEN_REPORTS = tuple("1234567")
EIGHT_REPORTS = tuple("12345678")
LONGEST_EXPORT_S = 120
LONGEST_REPORT_S = 20
STUCK_EXPORT_S = 600


@pytest.fixture(scope="session")
def release_file(run: Run) -> Path:
    """The file that says which release is deployed."""
    file = run.temporary / "release"
    file.write_text(FIRST_RELEASE)
    return file


@pytest.fixture(scope="session")
def profiles(gunicorn: Callable[..., Any], gate: Gate, run: Run, release_file: Path) -> Mapping[str, Profile]:
    """The three services, each under a gunicorn of its own."""
    return start_all(run, gunicorn, gate, release_file)


@pytest.fixture(scope="session")
def outside(gate: Gate, run: Run, release_file: Path) -> Mapping[str, str]:
    """What whoever starts gunicorn tells the depot about the world."""
    return {
        "UPSTREAM_URL": gate.url,
        "DATABASE_PATH": str(run.temporary / "managed.sqlite3"),
        "RELEASE_FILE": str(release_file),
    }


def test_the_depot_answers_under_each_profile(profiles: Mapping[str, Profile]) -> None:
    """The depot answers under each of the three profiles."""
    for profile in profiles.values():
        profile.server.ready("/hello/")
        profile.server.get("/hello/")
        serves_what_it_started_with(profile)


@needs("test_the_depot_answers_under_each_profile")
def test_three_exports_run_and_a_fourth_waits(profiles: Mapping[str, Profile], gate: Gate) -> None:
    """Three exports run at once, and a fourth waits its turn."""
    exports = profiles["exports"]
    wanted = "three exports in the database at once, and no more"
    with exports.workers.crowded():
        running = exports.send("export", EXPORTS)
        exports.all_run(running, len(EXPORTS), wanted)
    waiting = exports.send("export", WAITING_EXPORTS)
    # Only a profile that has room for a fourth is given the time to show it.
    if exports.slots is not None and exports.slots > len(EXPORTS):
        gate.wait_held(len(EXPORTS) + 1, GENEROUS_S)
    for arrivals in range(len(EXPORTS) + 1, len(EXPORTS) + len(WAITING_EXPORTS) + 1):
        gate.release(gate.held[0])
        gate.wait_until(partial(has_arrived, gate, arrivals))
    if gate.peak > len(EXPORTS):
        saw = f"{gate.peak} exports were in the database at once"
        fail("too-many-slots", wanted=wanted, saw=saw, where=exports.line("threads", "workers"))
    exports.answered({**running, **waiting}, "export")


@needs("test_three_exports_run_and_a_fourth_waits")
def test_a_crash_takes_one_export(profiles: Mapping[str, Profile]) -> None:
    """A worker that is killed takes one export with it, and another takes its place."""
    a_crash_takes_one(profiles["exports"], EXPORTS)


@needs("test_the_depot_answers_under_each_profile")
def test_a_long_export_is_not_taken_for_a_stuck_one(profiles: Mapping[str, Profile]) -> None:
    """An export may take two minutes, and one that takes ten is found stuck."""
    exports = profiles["exports"]
    settings, line = exports.settings, exports.line("timeout", "worker_class")
    if settings.beats_while_busy:
        fail(
            "stuck-never-found",
            wanted="a worker that is stuck in an export for ten minutes is replaced",
            saw="a threaded worker tells gunicorn that it is well as long as its main thread runs, stuck or not",
            where=exports.line(*(("threads",) if is_sync(settings.printed) else ("worker_class", "threads"))),
        )
    if 0 < settings.timeout_s <= LONGEST_EXPORT_S:
        saw = f"gunicorn kills the worker after {settings.timeout_s} s (`timeout`), and its visitor gets an error"
        fail("export-cut-short", wanted="an export of two minutes is finished", saw=saw, where=line)
    if settings.timeout_s == 0 or settings.timeout_s > STUCK_EXPORT_S:
        fail(
            "stuck-never-found",
            wanted="a worker that is stuck in an export for ten minutes is replaced",
            saw=f"gunicorn waits {settings.timeout_s} s for it" if settings.timeout_s else "timeout = 0: for ever",
            where=line,
        )


@needs("test_the_depot_answers_under_each_profile")
def test_one_process_answers_pages_while_reports_run(profiles: Mapping[str, Profile]) -> None:
    """The pages' one process answers /hello/ while seven reports are running."""
    pages = profiles["pages"]
    count = pages.settings.slots.workers
    if count != 1:
        line = pages.line("workers")
        fail("wrong-number-of-processes", wanted="one worker process", saw=f"the profile asks for {count}", where=line)
    reports = pages.send("report", SEVEN_REPORTS)
    wanted = "seven reports wait for the supplier, and /hello/ is answered meanwhile"
    pages.all_run(reports, len(SEVEN_REPORTS), wanted)
    hello = pages.server.send("/hello/", label="hello")
    if pages.workers.cannot_run(len(SEVEN_REPORTS) + 1) and hello.answer(1.0) is None:
        saw = f"/hello/ waited for a report: all {pages.slots} slots were taken"
        fail("too-few-slots", wanted=wanted, saw=saw, where=pages.line("threads", "workers"))
    pages.server.answer_of(hello, GENEROUS_S)
    pages.answered(reports, "report")


@needs("test_one_process_answers_pages_while_reports_run")
def test_a_connection_serves_a_second_page(profiles: Mapping[str, Profile]) -> None:
    """A browser's second request comes on the connection of its first."""
    pages = profiles["pages"]
    if not pages.keeps_the_connection("/hello/"):
        why, line = pages.closes_the_connection()
        saw = f"the connection was closed after the first answer: {why}"
        fail("connection-closed", wanted="two requests are answered on one connection", saw=saw, where=line)


@needs("test_the_depot_answers_under_each_profile")
def test_eight_reports_run_whichever_worker_they_meet(profiles: Mapping[str, Profile]) -> None:
    """Two processes run eight reports at once, whichever worker they land on."""
    reports = profiles["reports"]
    count = reports.settings.slots.workers
    if count != 2:
        line = reports.line("workers")
        fail(
            "wrong-number-of-processes", wanted="two worker processes", saw=f"the profile asks for {count}", where=line
        )
    master.wait_for_workers(reports.server, count)
    with reports.workers.crowded():
        running = reports.send("report", EIGHT_REPORTS)
        reports.all_run(running, len(EIGHT_REPORTS), "eight reports wait for the supplier at once")
    reports.answered(running, "report")


@needs("test_the_depot_answers_under_each_profile")
def test_an_aborted_worker_tells_where_it_was(profiles: Mapping[str, Profile], gate: Gate) -> None:
    """The log tells where the threads of an aborted worker were."""
    an_abort_tells_where_it_was(profiles["reports"], gate)


@needs("test_the_depot_answers_under_each_profile")
def test_a_reload_serves_the_new_release(profiles: Mapping[str, Profile], gate: Gate, release_file: Path) -> None:
    """A reload serves the new release, and no request is lost."""
    a_reload_serves_the_new_release(profiles["reports"], gate, release_file)


# --- Supervisor: the exports service ---


@pytest.fixture(scope="session")
def supervisor(supervisord: Callable[..., Any], outside: Mapping[str, str]) -> Supervisor:
    """The real supervisord, with the learner's configuration."""
    started: Supervisor = supervisord(SUPERVISOR_FILE, environment=outside)
    return started


@needs("test_three_exports_run_and_a_fourth_waits")
def test_supervisor_owns_gunicorn(supervisor: Supervisor, project: Path, profiles: Mapping[str, Profile]) -> None:
    """Supervisor runs gunicorn itself, by the profile, and says so."""
    _, line = program_setting(project, "command")
    supervisor.ready("/hello/")
    runs = supervisor.wait_state("web", "RUNNING", GENEROUS_S)
    worker = Visitor(supervisor).ask()
    owned, serving = supervisor.pid_of("web"), master_of(supervisor, worker)
    wanted = "the process that supervisord started is gunicorn's master"
    # Under load, one that goes to the background may stay long enough to count as RUNNING first.
    if not runs or (owned != serving and not descends_from(serving, owned)):
        state = ", ".join(f"{name} {state}" for name, state in supervisor.status().items())
        saw = f"the depot answers, but not for supervisord: {state or supervisor.ctl('status')}"
        fail("not-supervised", wanted=wanted, saw=saw, where=line)
    if owned != serving:
        saw = f"supervisord started pid {owned}, the workers' master is pid {serving}: a shell stands between"
        fail("shell-between", wanted=wanted, saw=saw, where=line)
    listens_to_itself_only(supervisor, serving, profiles["exports"], line)
    runs_by_the_profile(supervisor, serving, profiles["exports"], "Supervisor", lines_of_supervisor(project))


@needs("test_supervisor_owns_gunicorn")
def test_supervisor_starts_gunicorn_again(
    supervisor: Supervisor, project: Path, profiles: Mapping[str, Profile], picture: Picture
) -> None:
    """Whether gunicorn is killed or ends by itself, it is started again."""
    supervisor_tries_long_enough(project, profiles["exports"], LONGEST_EXPORT_S)
    visitor = Visitor(supervisor)
    _, line = program_setting(project, "autorestart")
    old: frozenset[int] = frozenset()
    try:
        for number, how in ((signal.SIGKILL, "was killed"), (signal.SIGTERM, "was ended by TERM, with exit code 0")):
            # From supervisord: the parent of a worker whose master was killed is somebody else.
            owned = supervisor.pid_of("web") or 0
            ended = master.worker_pids(supervisor, owned) | {visitor.ask()}
            old |= ended
            visitor.mark_end(number.name, ended)
            master.send(supervisor, number, owned)
            # The workers of a killed master answer for a moment more: only a new one counts.
            is_back = visitor.ask_until_other_than(old, GivenUp(supervisor)) != 0
            if not (is_back and supervisor.wait_state("web", "RUNNING", CHANGE_DEADLINE_S)):
                status = ", ".join(f"{name} {state}" for name, state in supervisor.status().items())
                fail(
                    "not-revived",
                    wanted=f"supervisord starts gunicorn again after its master {how}",
                    saw=f"nobody new answered. supervisorctl status: {status}",
                    where=line,
                )
    finally:
        picture.lanes("who answered /pid/", visitor.lanes())


@needs("test_supervisor_starts_gunicorn_again")
def test_supervisor_lets_an_export_finish(
    supervisor: Supervisor, project: Path, profiles: Mapping[str, Profile], gate: Gate
) -> None:
    """A stop by Supervisor lets an export finish."""
    supervisor_grants_the_grace(project, profiles["exports"], LONGEST_EXPORT_S)
    owned = supervisor.pid_of("web") or 0
    _, line = program_setting(project, "stopsignal")
    stop = partial(supervisor.ctl, "stop", "web")
    finishes_through_a_stop(supervisor, gate, "export", stop, master_pid=owned, where=line)
    supervisor.wait_state("web", "STOPPED", GENEROUS_S)
    supervisor.stop()


# --- systemd: the reports service ---


def test_systemd_takes_the_units(project: Path) -> None:
    """The units are what systemd wants to read."""
    units_are_sound(project)


@pytest.fixture(scope="session")
def service(systemd: Callable[..., Any], outside: Mapping[str, str]) -> SystemdService:
    """web.service, started as systemd would, with the socket that web.socket tells of."""
    started: SystemdService = systemd(SERVICE_FILE, SOCKET_FILE, environment=outside, installed_at="/srv/depot")
    return started


@needs("test_systemd_takes_the_units", "test_eight_reports_run_whichever_worker_they_meet")
def test_gunicorn_takes_systemds_socket(
    service: SystemdService, project: Path, profiles: Mapping[str, Profile]
) -> None:
    """Under systemd, gunicorn runs by the profile, takes its socket, tells that it is ready, and answers there."""
    service.ready("/hello/")
    if not service.wait_notified(GENEROUS_S):
        saw = "it answers, and never told READY=1: systemctl start hangs, and gives up"
        fail("not-notified", wanted="gunicorn tells systemd that it is ready", saw=saw, where=Place(SERVICE_FILE, 1))
    lines = lines_of_systemd(service.unit, project)
    runs_by_the_profile(service, service.main_pid, profiles["reports"], "systemd", lines)


@needs("test_gunicorn_takes_systemds_socket")
def test_systemctl_reload_replaces_the_workers(service: SystemdService, picture: Picture) -> None:
    """A reload by systemd replaces the workers, and no request is lost."""
    a_reload_by_systemd_replaces_the_workers(service, picture)


@needs("test_gunicorn_takes_systemds_socket")
def test_systemd_lets_a_report_finish(
    service: SystemdService, project: Path, profiles: Mapping[str, Profile], gate: Gate
) -> None:
    """A stop by systemd lets a report finish."""
    systemd_grants_the_grace(project, service.unit, profiles["reports"], LONGEST_REPORT_S)
    where, stop = stop_line(service.unit, project), service.stop
    finishes_through_a_stop(service, gate, "report", stop, master_pid=service.main_pid, where=where)


# --- the container: the pages service ---


def test_the_dockerfile_is_fit_to_run(project: Path) -> None:
    """The Dockerfile starts gunicorn without a shell that stays, without a reloader, and not as root."""
    dockerfile_is_sound(project, read_dockerfile(project / "Dockerfile"))


@pytest.fixture(scope="session")
def box(container: Callable[..., Any], outside: Mapping[str, str]) -> Container:
    """The container of the Dockerfile."""
    started: Container = container("Dockerfile", environment=outside)
    return started


@needs("test_the_dockerfile_is_fit_to_run", "test_one_process_answers_pages_while_reports_run")
def test_the_container_answers_from_outside(box: Container, project: Path, profiles: Mapping[str, Profile]) -> None:
    """The container runs by the profile, and answers at PORT, from outside too."""
    lines, wanted = lines_of_docker(box.dockerfile, project), "the container listens at the port that PORT names"
    has_a_plain_port(project, box.dockerfile, wanted)
    if other := box.listens_elsewhere(GENEROUS_S):
        line = next((place for text, place in lines if f":{other}" in text), None) or profiles["pages"].line("bind")
        saw = f"it listens at {other}, and PORT is {box.port}"
        fail("unreachable-from-outside", wanted=wanted, saw=saw, where=line)
    box.ready("/hello/")
    if not box.is_open:
        saw = "it listens at one address only, which in a container is the container itself"
        bind = profiles["pages"].line("bind")
        where = bind if bind.doing else box.dockerfile.place("CMD", project)
        fail("unreachable-from-outside", wanted="the port is open to those who ask from outside", saw=saw, where=where)
    serving = master_of(box, Visitor(box).ask())
    runs_by_the_profile(box, serving, profiles["pages"], "docker", lines)


@needs("test_the_container_answers_from_outside")
def test_one_stop_ends_the_container(
    box: Container, project: Path, profiles: Mapping[str, Profile], gate: Gate
) -> None:
    """A stop of the container ends gunicorn, and lets a report finish."""
    where = box.dockerfile.place("CMD", project) or box.dockerfile.place("ENTRYPOINT", project)
    owned = master_of(box, Visitor(box).ask())
    if owned != box.process.pid:
        saw = f"its first process is pid {box.process.pid}, gunicorn's master is pid {owned}: TERM never gets there"
        fail("shell-form", wanted="gunicorn is the container's first process", saw=saw, where=where)
    a_stop_is_asked_for(project, box.dockerfile)
    gunicorn_grants(profiles["pages"], LONGEST_REPORT_S, "a report that is under way at a stop has twenty seconds")
    stop = partial(box.stop_as_docker, grace_s=GENEROUS_S * 2)
    finishes_through_a_stop(box, gate, "report", stop, master_pid=owned, where=where)


def has_arrived(gate: Gate, count: int) -> bool:
    """Whether so many calls have come to the Gate since this check began."""
    return gate.arrived >= count
