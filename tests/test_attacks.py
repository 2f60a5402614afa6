"""Code of the learner's that goes for the grader: among the processes of one user it gets as far as README says.

Run as an ordinary user too (test_ordinary_user.py): root may do all of it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import psutil
import pytest

from course.model import Outcome
from tests.grading import HELLO, grade
from tests.test_checking import holding, living

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
            for process in (grader, server):
                process.wait(60)
    assert not living(tmp_path)


def test_the_grader_is_not_dumpable_and_what_it_starts_is(tmp_path: Path) -> None:
    body = """
    import ctypes, sys
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0
    code = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    with program([sys.executable, "-c", code], name="asked") as asked:
        asked.process.wait(20)
        assert list(asked.lines) == ["1"], asked.lines
"""
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=f'def test_one(program):\n    """One."""{body}')
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
