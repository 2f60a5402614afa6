"""Deployment with Gunicorn, Supervisor: it owns the exports service, and keeps it running."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.picture import Picture
from checker.harness.servers.supervisord import Supervisor
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.gunicorn_deployment.addresses import expect_loopback_only
from checker.stage_2.gunicorn_deployment.overrides import Printing, expect_profile_kept, lines_of_supervisor
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S, LONGEST_EXPORT_S, Profile
from checker.stage_2.gunicorn_deployment.stop import expect_finish_through_stop
from checker.stage_2.gunicorn_deployment.supervisor import (
    expect_patient_supervisor,
    expect_supervisor_grace,
    program_setting,
)
from checker.stage_2.gunicorn_deployment.visitor import CHANGE_DEADLINE_S, Visitor, master_of

LOOKS_UNTIL_SURE = 5  # each is answered by a round of its loop, and it starts again in the next one, or never


@needs("test_three_exports_run_and_a_fourth_waits")
def test_supervisor_owns_gunicorn(
    supervisor: Supervisor, project: Path, profiles: Mapping[str, Profile], stack: Stack
) -> None:
    """Supervisor runs gunicorn itself, by the profile, and says so."""
    _, line = program_setting(project, "command")
    supervisor.expect_ready("/hello/")
    printing = stack.start(Printing, supervisor, supervisor.pid_of("web") or 0)  # until supervisord says RUNNING
    # Somebody has answered: who starts only now is his successor, and what supervisord has started is gone.
    runs = supervisor.wait_state("web", "RUNNING", GENEROUS_S, unless=("BACKOFF", "FATAL"))
    worker = Visitor(supervisor).ask()
    owned, serving = supervisor.pid_of("web"), master_of(supervisor, worker)
    wanted = "the process that supervisord started is gunicorn's master"
    # Under load, one that goes to the background may stay long enough to count as RUNNING first.
    if not runs or (owned != serving and not descends_from(serving, owned)):
        saw = f"the depot answers, but not for supervisord: {supervisor.status_told()}"
        fail("not-supervised", wanted=wanted, saw=saw, where=line)
    if owned != serving:
        saw = f"supervisord started pid {owned}, the workers' master is pid {serving}: a shell stands between"
        fail("shell-between", wanted=wanted, saw=saw, where=line)
    expect_loopback_only(supervisor, serving, profiles["exports"], line)
    lines = lines_of_supervisor(project)
    expect_profile_kept(printing, serving, profiles["exports"], "Supervisor", lines)


@needs("test_supervisor_owns_gunicorn")
def test_supervisor_starts_gunicorn_again(
    supervisor: Supervisor, project: Path, picture: Picture, ahead: starters.Ahead
) -> None:
    """Whether gunicorn is killed or ends by itself, it is started again."""
    # They boot while supervisord waits for `startsecs`, until it says RUNNING.
    ahead("service", "test_gunicorn_takes_systemds_socket")
    ahead("box", "test_the_container_answers_from_outside")
    expect_patient_supervisor(supervisor, project, LONGEST_EXPORT_S)
    visitor = Visitor(supervisor)
    _, line = program_setting(project, "autorestart")
    old: frozenset[int] = frozenset()
    try:
        for number, how in ((signal.SIGKILL, "was killed"), (signal.SIGTERM, "was ended by TERM, with exit code 0")):
            # From supervisord: the parent of a worker whose master was killed is somebody else.
            owned = supervisor.pid_of("web") or 0
            asked = visitor.ask()
            # A worker that lives for few requests is replaced at any moment: not while its master stands still.
            ended = master.freeze(supervisor, owned) | {asked}
            old |= ended
            visitor.mark_end(number.name, ended)
            master.send(supervisor, number, owned)
            master.send(supervisor, signal.SIGCONT, owned)
            # The workers of a killed master answer for a moment more, and one that is told to stop may fork once more.
            has_another = partial(_owns_another_than, supervisor, owned)
            is_back = visitor.ask_until_other_than(old, GivenUp(supervisor), counts_if=has_another) != 0
            if number is signal.SIGKILL:
                # Who ends before `startsecs` has failed to start, and is started again whatever `autorestart` says.
                is_back = is_back and supervisor.wait_state("web", "RUNNING", CHANGE_DEADLINE_S)
                # Those two have long been gunicorn by now. This is for while the next one boots.
                ahead("service_printing", "test_gunicorn_takes_systemds_socket")
                ahead("box_printing", "test_the_container_answers_from_outside")
            if not is_back:
                fail(
                    "not-revived",
                    wanted=f"supervisord starts gunicorn again after its master {how}",
                    saw=f"nobody new answered. supervisorctl status: {supervisor.status_told()}",
                    where=line,
                )
    finally:
        picture.lanes("who answered /pid/", visitor.lanes())


@needs("test_supervisor_starts_gunicorn_again")
def test_supervisor_lets_an_export_finish(
    supervisor: Supervisor, project: Path, profiles: Mapping[str, Profile], gate: Gate, stack: Stack
) -> None:
    """A stop by Supervisor lets an export finish."""
    expect_supervisor_grace(supervisor, project, profiles["exports"], LONGEST_EXPORT_S)
    owned = supervisor.pid_of("web") or 0
    _, line = program_setting(project, "stopsignal")
    stop = partial(stack.retire, supervisor, partial(supervisor.ctl, "stop", "web"))
    expect_finish_through_stop(supervisor, gate, "export", stop, master_pid=owned, where=line)


class GivenUp:
    """Whether supervisord will not start `web` again. EXITED is also what it says for a moment before a restart."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._looks = 0

    def __call__(self) -> bool:
        """Look once more."""
        states = set(self._supervisor.status().values())
        self._looks = self._looks + 1 if states <= {"EXITED", "FATAL", "STOPPED"} else 0
        return self._looks >= LOOKS_UNTIL_SURE


def _owns_another_than(supervisor: Supervisor, pid: int) -> bool:
    return supervisor.pid_of("web") not in (None, pid)


def descends_from(pid: int, ancestor: int | None) -> bool:
    """Whether a process was started by another, or by one that it has started; False when it is gone."""
    with suppress(psutil.Error):
        return any(parent.pid == ancestor for parent in psutil.Process(pid).parents())
    return False
