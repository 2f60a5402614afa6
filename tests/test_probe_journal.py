"""The probe's journal: events arrive whole and in order, whatever the learner's code does to its process."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checker.probe.learn_probe.journal import LETTER_BYTES, Journal

DEADLINE_S = 20.0

Read = Callable[[int], list[dict[str, Any]]]


@pytest.fixture
def inbox() -> Iterator[socket.socket]:
    """Where the checker listens."""
    folder = Path(tempfile.mkdtemp(prefix="learn-"))
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(folder / "probe"))
        listening.settimeout(DEADLINE_S)
        yield listening
    shutil.rmtree(folder)


@pytest.fixture
def journal(inbox: socket.socket) -> Journal:
    """A journal that leads there."""
    return Journal(inbox.getsockname(), "gunicorn")


@pytest.fixture
def read(inbox: socket.socket) -> Read:
    """Reads so many events, as the checker does."""
    return lambda count: [json.loads(inbox.recv(65_536)) for _ in range(count)]


def test_an_event_carries_its_time_its_process_and_its_server(journal: Journal, read: Read) -> None:
    journal.tell("app.left", request="r1")
    (event,) = read(1)
    assert (event["kind"], event["pid"], event["server"], event["request"]) == (
        "app.left",
        os.getpid(),
        "gunicorn",
        "r1",
    )
    assert event["t"] > 0


def test_events_that_find_the_inbox_full_follow_in_order(journal: Journal, read: Read) -> None:
    for number in range(200):  # Linux keeps 10 datagrams
        journal.tell("app.left", number=number)
    assert [event["number"] for event in read(200)] == list(range(200))


def test_a_closed_socket_is_replaced_and_its_number_left_to_its_new_owner(journal: Journal, read: Read) -> None:
    journal.tell("first")
    assert journal._socket is not None
    number = journal._socket.fileno()
    visitor, server_side = socket.socketpair()
    os.dup2(server_side.fileno(), number)
    journal.tell("second")
    assert [event["kind"] for event in read(2)] == ["first", "second"]
    os.write(number, b"still open")
    assert visitor.recv(100) == b"still open"  # and nothing of the journal before it
    os.close(number)
    for sock in (visitor, server_side):
        sock.close()


def test_a_forked_child_tells_under_its_own_pid(journal: Journal, read: Read) -> None:
    for number in range(50):
        journal.tell("parent", number=number)  # some of these are late, and must not be told twice
    child = os.fork()
    if child == 0:
        journal.tell("child")
        journal.tell("child", patient=True)
        os._exit(0)
    events = read(52)
    os.waitpid(child, 0)
    assert sorted(event["pid"] for event in events if event["kind"] == "child") == [child, child]
    assert sum(event["kind"] == "parent" for event in events) == 50


def test_an_event_that_is_too_long_is_cut(journal: Journal, read: Read) -> None:
    journal.tell("app.raised", message="m" * 100_000, traceback="line\n" * 50_000)
    (event,) = read(1)
    assert len(json.dumps(event)) < LETTER_BYTES
    assert event["message"].startswith("mmm")


def test_facts_that_are_no_json_are_told_as_they_look(journal: Journal, read: Read) -> None:
    journal.tell("app.raised", message=Path("x"))
    assert "Path('x')" in read(1)[0]["message"]


@pytest.mark.parametrize("address", ["", "/nowhere/probe"])
def test_nobody_listening_is_no_error(address: str) -> None:
    Journal(address).tell("app.left", patient=True)
