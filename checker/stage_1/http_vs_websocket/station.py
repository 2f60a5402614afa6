"""The learner's site on one server: notices, sockets and polls as the checks use them, and why one of them failed.

Order is by events: a poll is there when the probe has seen it enter; what was notified before a socket's own message
comes before its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import psutil

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange
from checker.harness.idle import Rest
from checker.harness.picture import Picture
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket
from checker.stage_1.http_vs_websocket.faulty_lines import site_line
from checker.stage_1.http_vs_websocket.frames import PING, PONG, Frame
from checker.stage_1.http_vs_websocket.raw_socket import RawSocket

PROMPT_S = 10.0
NEWS_S = 0.3
LONG_WAIT_S = 600
REST_S = 2.0  # a server that looks for news by itself, once a second say, sleeps meanwhile and does no wrong
LOOK_S = 0.05
SOON_S = 0.5  # what comes at all comes by then, nearly always: only after it is the server looked at
COUNTER = "/ws/counter/"
SHOWN_CHARACTERS = 160
GONE_ERRORS = ("ClientDisconnected", "Disconnected")  # send() to a client that has gone: uvicorn's, and Daphne's
NO_WEBSOCKET = "Django can only handle ASGI/HTTP connections"

Notice = dict[str, Any]
_T = TypeVar("_T")


class Station:
    """One server with the learner's application; `since` is when the running check began to use it."""

    def __init__(self, server: Site) -> None:
        self.server = server
        self.name = server.name
        self.since = 0.0

    def begin(self) -> Station:
        """A check begins: errors of earlier ones are not its."""
        self.since = self.server.run.history.now()
        return self

    # --- sockets ---

    def expect_socket(self, label: str) -> WebSocket:
        """An open socket at /ws/counter/."""
        socket = self.server.websocket(COUNTER, label=f"{self.name} {label}")
        if socket.refused is None:
            return socket
        wanted = f"{self.name}: a WebSocket opens at {COUNTER}"
        error = diagnosis.wait_error(self.server, socket.id)
        if error is not None and NO_WEBSOCKET in str(error["message"]):
            saw = f"status {socket.refused}: Django was handed the WebSocket, and raised {error['type']}"
            fail("django-got-the-websocket", wanted=wanted, saw=f"{saw}: {error['message']}")
        raise diagnosis.handshake_refused(self.server, socket)

    def expect_raw_socket(self, label: str) -> RawSocket:
        """An open one by hand, for what no library does."""
        socket = RawSocket(self.server.run.history, self.server.port, COUNTER, label, self.name)
        if not socket.is_open:
            fail("handshake-refused", wanted=f"{self.name}: a WebSocket opens at {COUNTER}", saw="it was refused")
        return socket

    def expect_answer_to(self, socket: WebSocket, message: str | bytes, number: int, code: str) -> None:
        """The socket sends the message, and the next frame it gets is the answer with this number."""
        told = {"text": message} if isinstance(message, str) else {"bytes": len(message)}
        socket.send(message)
        kind = "text" if isinstance(message, str) else "binary"
        self.expect_frame(
            socket,
            {"number": number, **told},
            f"socket {socket.label} sends the {kind} message {message!r}",
            code,
        )

    def expect_frame(self, socket: WebSocket, expected: Notice, when: str, code: str) -> None:
        """The next frame of this socket is `expected`, as JSON in a text frame."""
        frame = self.wait_frame(socket)
        if frame != expected:
            if isinstance(frame, dict) and "text" in frame and frame.get("id", "") == expected.get("id"):
                code = "text-changed"
            closed = socket.close_code
            if frame is None:
                Picture(self.server.run.history).missing(socket, expected)
            nothing = "no frame came" if closed is None else f"the socket was closed with {closed}"
            self.fail(
                code,
                f"{when}: the next frame is {expected}",
                nothing if frame is None else f"it is missing: {frame!r} came instead",
            )

    def wait_frame(self, socket: WebSocket) -> Any:
        """The socket's next frame; None at the deadline, when it is closed, or when the server rests without one."""

        def came(deadline_s: float = LOOK_S) -> list[Any]:
            frame = socket.receive(deadline_s)
            return [] if frame is None else [frame]

        found = came(SOON_S) or self.wait_while_busy(came)
        return found[0] if found else None

    def wait_raw_frame(self, socket: RawSocket) -> Frame | None:
        """The same of a socket by hand, but for the pings and pongs."""

        def came(deadline_s: float = LOOK_S) -> Frame | bool:
            frame = socket.frame(deadline_s)
            while frame is not None and frame.opcode in (PING, PONG):
                frame = socket.frame(deadline_s)
            return frame or not socket.is_open

        found = came(SOON_S) or self.wait_while_busy(came)
        return None if isinstance(found, bool) else found

    def wait_while_busy(self, condition: Callable[[], _T], deadline_s: float = PROMPT_S) -> _T:
        """The first answer of `condition` that is true; its last at the deadline, or when the server rests."""
        return wait_until(condition, deadline_s, unless_ended=Rest(self.server.process, REST_S), every_s=LOOK_S)

    def wait_answer(self, exchange: Exchange) -> Answer | None:
        """The answer; None at the deadline, or when the server rests and has not given it."""
        if exchange.wait_answer(SOON_S) is None:
            self.wait_while_busy(lambda: exchange.is_done)
        return exchange.wait_answer(0)

    def expect_end(self, socket: WebSocket | RawSocket, what: str) -> None:
        """The application's call for this socket ends, now that its client has done `what`."""
        if not self.wait_ended(socket.id):
            wanted = f"{self.name}: the application's call for a socket ends when the client {what}"
            self.fail("socket-not-ended", wanted, "it still runs, and the server rests")

    def wait_ended(self, request: str) -> bool:
        """Whether the application's call for this request or socket has ended; waits for it."""
        return self._told(EventKind.APP_LEFT, request) is not None

    def has_ended(self, request: str) -> bool:
        """Whether it has ended already."""
        return self._told(EventKind.APP_LEFT, request, 0.0) is not None

    def wait_ended_of(self, requests: Sequence[str]) -> int:
        """How many of these calls have ended; waits for all of them together, no longer than for one."""

        def ended() -> int:
            return sum(self.has_ended(request) for request in requests)

        self.wait_while_busy(lambda: ended() == len(requests))
        return ended()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop the server's processes meanwhile: what happens until they go on, they meet all at once."""
        processes = [self.server.process.pid, *(child.pid for child in self.server.process.children)]
        family = [psutil.Process(pid) for pid in processes]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(family):
                with suppress(psutil.Error):
                    process.resume()

    # --- notices and polls ---

    def post(self, text: str) -> Exchange:
        """POST /notify/, in flight."""
        return self.server.send("/notify/", method="POST", body=text.encode(), label=f"{self.name} notify")

    def expect_posted(self, exchange: Exchange, text: str) -> Notice:
        """The notice that this POST has made."""
        self.wait_answer(exchange)
        errors = self.server.seen(EventKind.APP_RAISED, since=self.since)
        if any(error["request"] == exchange.id and _is_of_the_gone(error) for error in errors):
            self._fail_as_left_behind(
                exchange, "sockets have closed before, and POST /notify/ is answered 200 all the same"
            )
        answer = self.server.expect_answer(exchange, PROMPT_S)
        body = answer.json()
        number = body.get("id") if isinstance(body, dict) else None
        if answer.status != 200 or not isinstance(number, int) or isinstance(number, bool):
            wanted = f'{self.name}: POST /notify/ answers 200 and {{"id": N}}'
            self.fail("wrong-notify-answer", wanted, f"status {answer.status}: {answer.text[:SHOWN_CHARACTERS]}")
        return {"id": number, "text": text}

    def notify(self, text: str) -> Notice:
        """Post a notice; returns it as everybody should get it."""
        return self.expect_posted(self.post(text), text)

    def notify_past(self, text: str, what: str) -> Notice:
        """Post a notice after somebody has left, who must not break it."""
        post = self.post(text)
        answer = self.wait_answer(post)
        if answer is None or answer.status >= 500:
            self._fail_as_left_behind(post, f"{what}, and the next POST /notify/ is answered 200 all the same")
        return self.expect_posted(post, text)

    def _fail_as_left_behind(self, post: Exchange, wanted: str) -> NoReturn:
        error = diagnosis.wait_error(self.server, post.id)
        why = "" if error is None else f"; {error['type']}: {error['message']}"
        where = None if error is None else error.where
        fail("left-behind", wanted=f"{self.name}: {wanted}", saw=f"{self.told_by(post)[:80]}{why}", where=where)

    def poll(self, after: int | None, *, wait_s: float | None = LONG_WAIT_S) -> Exchange:
        """GET /poll/, in flight. What is None is left out."""
        query = {"after": after, "wait": wait_s}
        path = "/poll/?" + "&".join(f"{name}={value:g}" for name, value in query.items() if value is not None)
        return self.server.send(path, label=f"{self.name} poll {'' if after is None else after}")

    def expect_held(self, after: int, count: int = 1, *, wait_s: float | None = LONG_WAIT_S) -> list[Exchange]:
        """So many polls, all of which have reached the application; none may have been answered yet."""
        polls = [self.poll(after, wait_s=wait_s) for _ in range(count)]
        for poll in polls:
            if self._told(EventKind.APP_ENTERED, poll.id) is None:
                break  # the server serves nobody now: what follows tells so
        self.expect_others_served(f"while {'a poll is' if count == 1 else f'{count} polls are'} held")
        for poll in polls:
            if poll.is_done:
                wanted = f"{self.name}: {poll.path} is held, since there is no notice after {after}"
                self.fail("poll-not-held", wanted, self.told_by(poll))
        return polls

    def expect_others_served(self, when: str) -> None:
        """/hello/ is answered now."""
        hello = self.server.send("/hello/", label=f"{self.name} hello")
        if self.wait_answer(hello) is None:
            self._judge_trouble(f"{self.name}: /hello/ is answered {when}")
            raise diagnosis.no_answer(self.server, hello, PROMPT_S)

    def expect_notices(self, poll: Exchange, wanted: str, code: str) -> list[Notice]:
        """The notices that a poll was answered with; it must have been answered with some."""
        answer = self.wait_answer(poll)
        body = answer.json() if answer is not None and answer.status == 200 else None
        found = body.get("notices") if isinstance(body, dict) else None
        if not isinstance(found, list) or not found or not all(isinstance(notice, dict) for notice in found):
            self.fail(code, f"{self.name}: {wanted}", self.told_by(poll))
        return found

    def expect_same(self, got: list[Notice], expected: list[Notice], wanted: str) -> None:
        """Exactly these notices, in this order."""
        if got == expected:
            return
        missing = [notice for notice in expected if notice not in got]
        doubled = [notice for notice in got if got.count(notice) > 1 or notice not in expected]
        saw = (
            f"missing: {missing[:2]}" if missing else f"too many: {doubled[:2]}" if doubled else f"the order {got[:4]}"
        )
        self.fail("notice-lost" if missing else "notice-doubled", f"{self.name}: {wanted}", saw)

    def told_by(self, poll: Exchange) -> str:
        """What became of a poll, in a few words."""
        answer = poll.wait_answer(0)
        if answer is None:
            return f"it broke: {poll.error}" if poll.error else "it was not answered"
        return f"it was answered with status {answer.status}: {answer.text[:SHOWN_CHARACTERS]!r}"

    # --- trouble ---

    def fail(self, code: str, wanted: str, saw: str) -> NoReturn:
        """End the check: with an error of the learner's code, or a stalled loop, when there was one."""
        self._judge_trouble(wanted)
        fail(code, wanted=wanted, saw=saw, where=site_line(self.server.run, code))

    def _judge_trouble(self, wanted: str) -> None:
        history = self.server.run.history
        error = history.wait_for(EventKind.APP_RAISED, self._is_ours, since=self.since, deadline_s=NEWS_S)
        if error is not None:
            raise diagnosis.error_finding(error, wanted)
        if (stall := diagnosis.wait_blocked_loop(self.server, since=self.since, deadline_s=NEWS_S)) is not None:
            raise diagnosis.loop_blocked(stall, wanted)

    def _is_ours(self, event: Event) -> bool:
        # Who raises since a visitor has vanished harms nobody: the error says nothing about what went wrong here.
        return bool(event["server"] == self.name) and event["type"] not in GONE_ERRORS

    def _told(self, kind: StrEnum, request: str, deadline_s: float = PROMPT_S) -> Event | None:
        history = self.server.run.history

        def told(deadline_s: float = 0.0) -> Event | None:
            return history.wait_for(
                kind, lambda e: bool(e["request"] == request), since=self.since, deadline_s=deadline_s
            )

        return told(min(SOON_S, deadline_s)) or (self.wait_while_busy(told, deadline_s) if deadline_s else None)


def _is_of_the_gone(error: Event) -> bool:
    """Whether somebody was served who was no longer there: by its type, or uvicorn's word for a send too late."""
    return error["type"] in GONE_ERRORS or "'websocket.send'" in str(error["message"])


def each(stations: Sequence[Station]) -> Iterator[Station]:
    """One after the other, each at the beginning of a check."""
    for station in stations:
        yield station.begin()
