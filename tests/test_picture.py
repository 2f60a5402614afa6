"""checker/harness/picture.py and conversation.py: what a check draws itself, and what its sockets said."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from checker.harness.conversation import conversation, shown_frame
from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.picture import Lane, Picture, Stretch, calls, drawn
from course.pictures import BarKind, Conversation, Value
from tests.running import running

_numbers = itertools.count(1)


class Socket:
    """A socket as the history knows it, whoever keeps it open."""

    def __init__(self, history: History, label: str, server: str) -> None:
        self.id = f"w{next(_numbers)}"
        self._history = history
        self.tells(EventKind.SOCKET_OPENING, label=label, server=server)

    def tells(self, kind: EventKind, **facts: Any) -> None:
        """One event of this socket."""
        self._history.record(kind, socket=self.id, **facts)


@pytest.fixture
def history(tmp_path: Path) -> History:
    with running(tmp_path) as run:
        return run.history


def test_lanes_share_one_clock(history: History) -> None:
    Picture(history).lanes(
        "two calls",
        [
            Lane("a", [Stretch(10.0, 10.5)], note="first"),
            Lane("b", [Stretch(10.25, 11.0, BarKind.WAITING)], [(10.5, "x")]),
        ],
    )
    timeline, charts = drawn(history, since=0)
    assert timeline is not None
    assert (timeline.title, timeline.span_ms, charts) == ("two calls", 1000, ())
    a, b = timeline.rows
    assert (a.bars[0].start_ms, a.bars[0].end_ms, a.note) == (0, 500, "first")
    assert (b.bars[0].start_ms, b.bars[0].kind, b.marks[0].at_ms) == (250, BarKind.WAITING, 500)


def test_only_what_was_drawn_since_the_check_began_counts(history: History) -> None:
    picture = Picture(history)
    picture.chart("before", "ms", [Value("a", 1)])
    picture.lanes("nothing", [])
    since = history.now()
    picture.chart("cost", "ms", [Value("a", 1)], log=True)
    timeline, charts = drawn(history, since=since)
    assert timeline is None
    assert [(chart.title, chart.log) for chart in charts] == [("cost", True)]


def test_each_call_at_the_gate_has_a_lane(tmp_path: Path) -> None:
    with running(tmp_path) as run, Gate(run.history) as gate:
        first = Exchange(run.history, gate.port, "/hold/a")
        assert gate.wait_held(1)
        second = Exchange(run.history, gate.port, "/hold/b")
        assert gate.wait_held(2)
        gate.release("a")
        first.wait_answer()
        second.hang_up()
        assert gate.wait_left(1)
        lanes = calls(run.history, since=0)
        assert [(lane.name, lane.note) for lane in lanes] == [("a", ""), ("b", "hung up")]
        assert lanes[0].stretches[0].start_s < lanes[1].stretches[0].start_s


def sockets(history: History) -> tuple[Socket, Socket]:
    """Ada at one server, cy at the other; ada has said hello, and cy heard what was said later."""
    ada, cy = Socket(history, "ada", "uvicorn-one"), Socket(history, "cy", "uvicorn-two")
    ada.tells(EventKind.SOCKET_SENT, frame='{"op": "say", "room": "lobby", "text": "hello"}')
    ada.tells(EventKind.SOCKET_RECEIVED, frame='{"said": "lobby"}')
    cy.tells(EventKind.SOCKET_RECEIVED, frame='{"room": "lobby", "from": "bo", "text": "later"}')
    return ada, cy


def rows(talk: Conversation | None) -> list[tuple[str, str, str, str]]:
    assert talk is not None
    return [(row.by, row.via, row.kind.value, row.text) for row in talk.messages]


def test_where_sockets_talk_each_frame_is_a_row(history: History) -> None:
    sockets(history)
    talk = conversation(history, since=0, until=history.now())
    assert rows(talk) == [
        ("ada", "one", "said", "say · lobby · hello"),
        ("ada", "one", "heard", "said: lobby"),
        ("cy", "two", "heard", "lobby · bo · later"),
    ]
    assert talk is not None
    assert (talk.parties, talk.left_out, talk.messages[0].at_ms) == (("one", "two"), 0, 0)


def test_what_never_came_is_a_row_of_who_should_have_heard_it(history: History) -> None:
    _, cy = sockets(history)
    Picture(history).missing(cy, "hello")
    assert rows(conversation(history, since=0, until=history.now()))[-1] == ("cy", "two", "missing", "hello")


def test_of_many_messages_those_stay_that_tell_of_the_missing_one(history: History) -> None:
    ada, cy = sockets(history)
    for number in range(30):
        ada.tells(EventKind.SOCKET_SENT, frame=f"noise {number}")
    Picture(history).missing(cy, "hello")
    talk = conversation(history, since=0, until=history.now())
    shown = rows(talk)
    assert talk is not None
    assert (len(shown), talk.left_out) == (12, 22)
    assert shown[0] == ("ada", "one", "said", "say · lobby · hello")
    assert shown[-2:] == [("ada", "one", "said", "noise 29"), ("cy", "two", "missing", "hello")]


def test_what_comes_after_the_check_is_not_drawn(history: History) -> None:
    ada, _ = sockets(history)
    until = history.now()
    ada.tells(EventKind.SOCKET_CLOSED, code=1000)
    talk = conversation(history, since=0, until=until)
    assert all(row[2] != "closed" for row in rows(talk))


def test_a_question_asked_over_and_over_is_drawn_once(history: History) -> None:
    ada = Socket(history, "ada", "one")
    for users in ("ada, bo", "ada", "ada", "ada"):
        ada.tells(EventKind.SOCKET_SENT, frame="who")
        ada.tells(EventKind.SOCKET_RECEIVED, frame=users)
    talk = conversation(history, since=0, until=history.now())
    assert talk is not None
    assert [row[3] for row in rows(talk)] == ["who", "ada, bo", "who", "ada"]
    assert talk.left_out == 4


def test_a_close_a_refusal_and_an_error_inside_are_told(history: History) -> None:
    ada, cy = sockets(history)
    where = {"file": "chat/consumers.py", "line": 31, "function": "say", "doing": ""}
    ada.tells(EventKind.SOCKET_CLOSED, code=4403)
    ada.tells(EventKind.SOCKET_CLOSED, code=4403)  # each look at a closed socket says so
    cy.tells(EventKind.SOCKET_REFUSED, status=403)
    history.record(EventKind.APP_RAISED, request=cy.id, type="TypeError", where=where, server="uvicorn-two", pid=1)
    assert [row[3] for row in rows(conversation(history, since=0, until=history.now()))][3:] == [
        "closed 4403",
        "refused 403",
        "TypeError in chat/consumers.py:31",
    ]


def test_the_server_that_let_a_socket_or_a_request_in_is_known_from_inside(history: History) -> None:
    behind = Socket(history, "ada", "nginx")
    inside = {"pid": 7, "thread": 1, "scope": "websocket", "path": "/"}
    history.record(EventKind.APP_ENTERED, request=behind.id, server="uvicorn", **inside)
    behind.tells(EventKind.SOCKET_SENT, frame="hi")
    history.record(EventKind.REQUEST_SENT, request="r1", method="POST", path="/notify/ada/", label="", body='{"a": 1}')
    assert rows(conversation(history, since=0, until=history.now())) == [
        ("ada", "uvicorn", "said", "hi"),
        ("POST", "", "said", "/notify/ada/ a: 1"),
    ]


def test_where_no_socket_talked_there_is_no_conversation(history: History) -> None:
    assert conversation(history, since=0, until=history.now()) is None


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ('{"joined": "lobby"}', "joined: lobby"),
        ('{"who": "lobby", "users": ["ada", "bo"]}', "who: lobby, users: [ada, bo]"),
        ('{"text": "two\\n lines"}', "text: two lines"),
        ('{"text": ""}', 'text: ""'),
        ("{}", ""),
        ("plain text", "plain text"),
        ("[1, null]", "[1, null]"),
        ("[" * 100_000, "[" * 31 + "…"),
    ],
)
def test_a_frame_is_shown_in_few_words(frame: str, words: str) -> None:
    assert shown_frame(frame) == words
