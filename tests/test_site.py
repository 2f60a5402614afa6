"""checker/harness/site.py: servers that bind their port themselves."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.run import Run
from checker.harness.site import ReservedPort, SelfBound
from tests.running import running

# Serves one visit after another, binds late, and dies of a visitor who says nothing.
FRAIL = """
import os, socket, sys, time
time.sleep(0.2)
with socket.create_server(("127.0.0.1", int(os.environ["PORT"])), reuse_port=False) as listening:
    while True:
        visitor, _ = listening.accept()
        with visitor:
            if not visitor.recv(65536):
                sys.exit("silence")
            visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nhi")
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path, {"frail.py": FRAIL}) as run:
        yield run


def test_it_is_waited_for_until_it_listens_without_a_visit(run: Run) -> None:
    with SelfBound(run, "frail", [sys.executable, "frail.py"], environment={"PORT": "{port}"}) as site:
        assert site.expect_ready("/").text == "hi"
        assert site.expect_get("/").text == "hi"
        assert not run.history.events(EventKind.REQUEST_BROKEN)


def test_one_that_ends_before_it_listens_is_told_by_its_end(run: Run) -> None:
    with (
        SelfBound(run, "short", [sys.executable, "-c", "raise SystemExit('no {port}')"]) as site,
        pytest.raises(NotYet) as caught,
    ):
        site.expect_ready("/")
    assert caught.value.finding.code == "server-exited"
    assert f"no {site.port}" in caught.value.finding.saw


def test_a_reserved_port_is_free_for_a_server_and_for_no_other_run() -> None:
    first, second = ReservedPort(), ReservedPort()
    assert first.port != second.port
    with socket.socket() as server:
        server.bind(("127.0.0.1", first.port))
    first.close()
    second.close()


def test_a_child_that_starts_meanwhile_does_not_keep_a_reserved_port() -> None:
    over = threading.Event()

    def start_children() -> None:
        while not over.is_set():
            subprocess.run([sys.executable, "--version"], stdout=subprocess.DEVNULL, check=True)

    starters = [threading.Thread(target=start_children) for _ in range(4)]
    for starter in starters:
        starter.start()
    try:
        for _ in range(300):
            reserved = ReservedPort()
            with socket.create_server(("127.0.0.1", reserved.port)):
                reserved.close()
    finally:
        over.set()
        for starter in starters:
            starter.join()


def test_a_server_stands_again_where_it_has_just_served_unless_somebody_is_there(run: Run) -> None:
    def serve(at: Run) -> int:
        with SelfBound(at, "frail", [sys.executable, "frail.py"], environment={"PORT": "{port}"}) as site:
            assert site.expect_ready("/").text == "hi"  # it closes the connection, and so has it lingering on the port
            return site.port

    port = serve(run)
    there = replace(run, port=lambda name: port if name == "frail" else 0)
    assert serve(there) == port
    with socket.create_server(("127.0.0.1", port)):
        assert serve(there) != port
