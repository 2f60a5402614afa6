"""checker/harness/descendants.py: who descends from a process, as Linux lists it and as psutil finds it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess

import pytest

from checker.harness import descendants
from checker.harness.waiting import wait_until

FAMILY = ["sh", "-c", "sh -c 'sleep 60; true' & sleep 60; true"]


@pytest.mark.parametrize("are_listed", [descendants.CHILDREN_ARE_LISTED, False])
def test_each_comes_after_its_parent(are_listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descendants, "CHILDREN_ARE_LISTED", are_listed)
    shell = subprocess.Popen(FAMILY, process_group=0)
    try:
        assert wait_until(lambda: len(list(descendants.descendants(shell.pid))) == 3, 20)
        seen = {shell.pid}
        for pid, parent in descendants.descendants(shell.pid):
            assert parent in seen
            seen.add(pid)
        assert len(descendants.children(shell.pid)) == 2
        assert shell.pid in descendants.children(os.getpid())
        assert {process.pid for process in descendants.processes(seen)} == seen
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    assert descendants.children(shell.pid) == []


def test_who_forks_on_and_on_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(descendants, "CHILDREN_ARE_LISTED", True)
    monkeypatch.setattr(descendants, "_listed", lambda _pid: [next(numbers)])
    assert descendants.children(1)
