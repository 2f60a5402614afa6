"""Code of the learner's that goes for the grader: among the processes of one user it gets as far as README says.

Run as an ordinary user too (test_ordinary_user.py): root may do all of it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from checker.harness.server import PROBE_FOLDER
from course.model import Outcome
from course.shared.leftovers import lives
from tests.grading import HELLO, grade
from tests.test_checking import holding, living, wait_until
from tests.test_hostile import finding_of

SYS_PIDFD_OPEN = 434
SYS_PIDFD_GETFD = 438
PR_GET_DUMPABLE = 3

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other doors")


def may_inspect(pid: int) -> set[str]:
    """By which doors this process gets into another one's memory and descriptors."""
    doors = set()
    try:
        with Path(f"/proc/{pid}/mem").open("rb"):
            doors.add("mem")
    except PermissionError:
        pass
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    assert pidfd >= 0
    taken = libc.syscall(SYS_PIDFD_GETFD, pidfd, 1, 0)
    for descriptor in (pidfd, taken):
        if descriptor >= 0:
            os.close(descriptor)
    return doors | ({"getfd"} if taken >= 0 else set())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may inspect everybody")
def test_learn_and_the_grader_cannot_be_inspected_and_servers_can(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        (grader,) = psutil.Process(learn.pid).children()
        (server,) = grader.children()
        try:
            assert {may_inspect(pid) == set() for pid in (learn.pid, grader.pid)} == {True}
            assert may_inspect(server.pid) == {"mem", "getfd"}
        finally:
            learn.terminate()
            # Not `process.wait`: whoever has adopted them may never bury them.
            wait_until(lambda: not any(lives(process) for process in (grader, server)), 60)
    assert not living(tmp_path)


def test_the_grader_is_not_dumpable_and_what_it_starts_is(tmp_path: Path) -> None:
    body = """
    import ctypes, sys
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0
    code = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    with program([sys.executable, "-c", code], name="asked") as asked:
        asked.wait(20)
        assert list(asked.lines) == ["1"], asked.lines
"""
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=f'def test_one(program):\n    """One."""{body}')
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


@pytest.mark.parametrize(
    "mute",
    [
        "import sys; sys.modules['learn_probe.wsgi'].tell = lambda *a, **k: None",
        "import learn_probe.journal; learn_probe.journal.Journal.tell.__code__ = (lambda *a, **k: None).__code__",
        "import os; os.unlink(os.environ['LEARN_PROBE'])",
    ],
    ids=["replaced", "patched", "unlinked"],
)
def test_a_probe_that_is_muted_is_told_and_no_pass(tmp_path: Path, mute: str) -> None:
    code, saw, _ = finding_of(grade(tmp_path, {"app.py": f"{mute}\n{HELLO}"}))
    assert (code, saw) == (
        "probe-silent",
        "gunicorn answered 1 request, and the probe beside your code told of none",
    )


def test_a_probe_that_is_muted_by_a_request_is_told_in_the_next_check(tmp_path: Path) -> None:
    mute = "    import os; os.path.exists(p := os.environ['LEARN_PROBE']) and os.unlink(p)\n    start_response"
    verdict = grade(tmp_path, {"app.py": HELLO.replace("    start_response", mute, 1)})
    assert verdict.results[0].outcome is Outcome.PASSED
    assert finding_of(verdict)[0] == "probe-silent"


def test_nothing_of_the_project_stands_in_for_what_the_probe_imports(tmp_path: Path) -> None:
    names = [
        "json.py",
        "queue.py",
        "linecache.py",
        "sitecustomize.py",
        "learn_probe/__init__.py",
        "learn_probe/wsgi.py",
    ]
    app = "def application(environ, start_response):\n    raise ValueError('boom')\n"
    verdict = grade(tmp_path, {"app.py": app, **dict.fromkeys(names, "raise SystemExit('stands in')\n")})
    code, saw, where = finding_of(verdict)
    assert (code, where) == ("server-error", "app.py:2")
    assert "boom" in saw


def test_an_interpreters_own_sitecustomize_still_runs(tmp_path: Path) -> None:
    """Some Pythons come with one; ours stands before it."""
    (tmp_path / "sitecustomize.py").write_text("print('its own')")
    path = os.pathsep.join([str(PROBE_FOLDER), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", "import sys; print('learn_probe' in sys.modules)"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["its own", "False"]


ODD = """
import json, os, socket, time
letter = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def tell(**facts):
    about = {"t": time.monotonic(), "pid": os.getpid(), "server": "gunicorn"}
    letter.sendto(json.dumps({**about, **facts}).encode(), os.environ["LEARN_PROBE"])
place = {"file": "app.py", "line": 1, "function": {}, "doing": ""}
tell(kind="loop.stalled", top="", stack=[], state="waiting", where=place)
tell(kind="loop.resumed", ms=float("nan"))
tell(kind="app.entered", request="r1", path="/", scope=5, thread=1, loop=False)
tell(kind="process.left", command="none")
tell(kind="check.started", check="test_it_answers")
"""


def test_odd_events_from_inside_are_left_out_and_counted(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": ODD + HELLO})
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    log = (tmp_path / "run" / "grader.log").read_text(encoding="utf-8")
    assert "5 events from inside were none that a probe tells" in log


def test_half_a_character_in_an_error_is_told_as_an_error(tmp_path: Path) -> None:
    app = "def application(environ, start_response):\n    raise ValueError('caf\\ud800')\n"
    code, saw, where = finding_of(grade(tmp_path, {"app.py": app}))
    assert (code, where) == ("server-error", "app.py:2")
    assert "ValueError: caf?" in saw
    assert (tmp_path / "run" / "verdict.json").read_bytes().isascii()
