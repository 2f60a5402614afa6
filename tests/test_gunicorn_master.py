"""checker/harness/gunicorn/master.py: the workers of a running gunicorn, and a reload of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.gunicorn import master
from checker.harness.server import Server
from checker.harness.servers.gunicorn import gunicorn
from tests.running import running

SITE = """
import os
from pathlib import Path

RELEASE = Path(__file__).with_name("release").read_text()

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [RELEASE.encode()]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    project = {"site_of_two.py": SITE, "release": "one"}
    two = ("--workers", "2")
    with running(tmp_path, project) as run, gunicorn(run, "site_of_two:application", arguments=two) as server:
        yield server


def test_its_workers_are_counted_when_they_have_imported_the_app(server: Server) -> None:
    workers = master.wait_for_workers(server, 2)
    assert workers is not None
    assert len(workers) == 2
    assert server.pid not in workers
    assert master.wait_answering_pid(server, server.expect_get("/")) in workers


def test_a_reload_replaces_all_of_them(server: Server) -> None:
    old = master.wait_for_workers(server, 2)
    assert old is not None
    (server.run.project / "release").write_text("two")
    master.reload(server)
    answer = master.wait_until_new_workers_answer(server, "/", old)
    assert answer is not None
    assert answer.text == "two"
    new = master.wait_replaced(server, old, 2)
    assert new is not None
    assert not new & old
    assert master.wait_gone(server, old)


def test_a_killed_worker_is_replaced(server: Server) -> None:
    old = master.wait_for_workers(server, 2)
    assert old is not None
    victim = min(old)
    master.kill_worker(server, victim)
    assert master.wait_gone(server, frozenset({victim}))
    new = master.wait_for_workers(server, 2)
    assert new is not None
    assert new & old == old - {victim}


def test_a_master_that_ends_ends_the_waiting(server: Server) -> None:
    assert master.wait_for_workers(server, 2) is not None
    master.send(server, signal.SIGTERM)
    assert master.wait_for_workers(server, 3, deadline_s=60) is None
    master.send(server, signal.SIGTERM)  # nobody is hurt
