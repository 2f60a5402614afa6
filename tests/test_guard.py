"""Whom the guard looks after: each server's family, however it is found."""

from __future__ import annotations

import os
import signal
import subprocess

import psutil
import pytest

from checker.harness import descendants, guard
from checker.harness.waiting import wait_until

FAMILY = ["sh", "-c", "sleep 60 & sleep 60; true"]


@pytest.mark.parametrize("are_listed", [descendants.CHILDREN_ARE_LISTED, False])
def test_a_family_is_a_server_and_all_that_descend_from_it(are_listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descendants, "CHILDREN_ARE_LISTED", are_listed)
    servers = [subprocess.Popen(FAMILY, process_group=0) for _ in range(2)]
    try:
        pids = {server.pid for server in servers}

        def are_whole() -> bool:
            families = guard._families(pids)
            return {pid: (family[0].pid, len(family)) for pid, family in families.items()} == {p: (p, 3) for p in pids}

        assert wait_until(are_whole, 20)
        assert list(guard._families({servers[0].pid})) == [servers[0].pid]
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_a_process_that_ends_while_it_is_looked_at_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descendants, "CHILDREN_ARE_LISTED", False)
    monkeypatch.setattr(psutil.Process, "ppid", _has_gone)
    server = subprocess.Popen(FAMILY, process_group=0)
    try:
        assert guard._families({server.pid}) == {}
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _has_gone(process: psutil.Process) -> int:
    raise psutil.NoSuchProcess(process.pid)
