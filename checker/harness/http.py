"""HTTP traffic as checks send it: one request and its answer, a request in flight, a stream read bit by bit.

Every request carries an id, by which the probe's events inside the server are matched to it.
"""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Self

import h11

from checker.harness.bounds import MOST_BYTES, answer_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.open_files import record_if_out

REQUEST_ID_HEADER = "X-Learn-Request"
ANSWER_DEADLINE_S = 10.0
SHOWN_BYTES = 200
PIECE_BYTES = 65_536

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response. Header names are compared without regard to case."""

    request: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, with a replacement character for what is none."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.body)
        return None


def is_retry_after(value: str | None) -> bool:
    """Whether this is a value of Retry-After: whole seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None or value.strip().isdigit():
        return value is not None
    with suppress(ValueError, TypeError):
        return bool(parsedate_to_datetime(value))
    return False


class _EndlessError(http.client.HTTPException):
    """More came than is taken in."""


class Exchange:
    """A request in flight, on a thread and a connection of its own.

    `head` is the status line's number and the headers as soon as they are there, `received` counts the body's bytes:
    of an answer that broke off they are all there is. `log_mark` is where the server's log stood when it was sent.
    """

    def __init__(
        self,
        history: History,
        port: int,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        label: str = "",
        deadline_s: float = 60.0,
    ) -> None:
        self.id = f"r{next(_numbers)}"
        self.path = path
        self.label = label or path
        self.error: OSError | http.client.HTTPException | None = None
        self.head: tuple[int, http.client.HTTPMessage] | None = None
        self.received = 0
        self.log_mark = 0
        self._history = history
        self._answer: Answer | None = None
        self._done = threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=deadline_s)
        self._socket: socket.socket | None = None
        self._left = False
        self._sent = _told(headers, body)
        head = {**(headers or {}), REQUEST_ID_HEADER: self.id}
        self._thread = threading.Thread(target=self._run, args=(method, head, body), name=self.id, daemon=True)
        self._thread.start()

    def wait_answer(self, deadline_s: float = ANSWER_DEADLINE_S) -> Answer | None:
        """The answer, once it is whole; None when the deadline comes first or the connection broke (`error`).

        One that goes on and on ends the check with a finding.
        """
        self._done.wait(deadline_s)
        if isinstance(self.error, _EndlessError):
            raise answer_endless(f"the answer to {self.path}", MOST_BYTES)
        return self._answer

    @property
    def is_done(self) -> bool:
        """Whether it has been answered or has broken."""
        return self._done.is_set()

    @property
    def is_broken(self) -> bool:
        """Whether the other side ended it before the answer was whole; not by our own leaving or deadline."""
        return self.error is not None and not self._left and not isinstance(self.error, TimeoutError)

    def hang_up(self) -> None:
        """Close the connection as a visitor does who closes the tab."""
        self._left = True
        self._history.record(EventKind.REQUEST_LEFT, request=self.id)
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._done.wait(5)

    def _run(self, method: str, headers: dict[str, str], body: bytes | None) -> None:
        try:
            self._connection.connect()
            # Kept here: http.client forgets it as soon as the head of a "Connection: close" answer has come.
            self._socket = self._connection.sock
            if self._left:
                raise ConnectionAbortedError("hung up before the request was sent")
            known = {"request": self.id, "method": method, "path": self.path, "label": self.label}
            self._history.record(EventKind.REQUEST_SENT, port=self._connection.port, **known, **self._sent)
            self._connection.request(method, self.path, body=body, headers=headers)
            response = self._connection.getresponse()
            self.head = response.status, response.headers
            payload = self._read(response)
            self._answer = Answer(self.id, response.status, response.headers, payload)
            self._history.record(EventKind.REQUEST_ANSWERED, request=self.id, status=response.status)
        except (OSError, http.client.HTTPException) as error:
            self.error = error
            record_if_out(self._history, error)
            if not self._left:
                self._history.record(EventKind.REQUEST_BROKEN, request=self.id, error=repr(error))
        finally:
            self._connection.close()
            self._done.set()

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        pieces = []
        while piece := response.read1(PIECE_BYTES):
            self.received += len(piece)
            pieces.append(piece)
            if self.received > MOST_BYTES:
                response.close()  # of a "Connection: close" answer the connection itself has let go
                raise _EndlessError("the answer has no end")
        if response.length:  # read piece by piece, http.client says nothing of an end that came too early
            raise http.client.IncompleteRead(b"".join(pieces), response.length)
        return b"".join(pieces)


class Stream:
    """A response read as it arrives, on the caller's thread. Use as `with server.stream(path) as stream`."""

    def __init__(
        self,
        history: History,
        port: int,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        label: str = "",
    ) -> None:
        self.id = f"r{next(_numbers)}"
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.ended = False
        self._body = bytearray()
        self._history = history
        self._path = path
        self._wire = h11.Connection(h11.CLIENT)
        self._socket = socket.socket()
        self._socket.settimeout(ANSWER_DEADLINE_S)
        head = {"Host": "127.0.0.1", "Connection": "close", **(headers or {}), REQUEST_ID_HEADER: self.id}
        request = h11.Request(method="GET", target=path, headers=list(head.items()))
        try:
            self._socket.connect(("127.0.0.1", port))
            known = {"request": self.id, "method": "GET", "path": path, "label": label or path, "streamed": True}
            history.record(EventKind.REQUEST_SENT, port=port, **known, **_told(headers, None))
            self._socket.sendall(self._wire.send(request) or b"")
            self._wire.send(h11.EndOfMessage())
        except OSError:  # a dead server: a response that is over before it began
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def body(self) -> bytes:
        """What has come so far."""
        return bytes(self._body)

    def wait_for(self, enough: Callable[[], bool], deadline_s: float) -> bool:
        """True as soon as `enough`, asked after each piece; False at the deadline or when the response ends first.

        A response that goes on and on ends the check with a finding.
        """
        end = self._history.now() + deadline_s
        while not enough():
            left = end - self._history.now()
            if self.ended or left <= 0:
                return False
            self._socket.settimeout(left)
            try:
                self._wire.receive_data(self._socket.recv(65_536))
            except TimeoutError:
                return False
            except OSError:  # reset: the response is over
                self._end()
                continue
            self._take()
            if len(self._body) > MOST_BYTES:
                raise answer_endless(f"the answer to {self._path}", len(self._body))
        return True

    def read_until(self, token: bytes, deadline_s: float) -> bool:
        """True as soon as the body holds `token`; False at the deadline or when the response ends without it."""
        return self.wait_for(lambda: token in self._body, deadline_s)

    def read_to_end(self, deadline_s: float) -> bool:
        """True when the server has ended the response, well or by a reset; False at the deadline."""
        return self.wait_for(lambda: self.ended, deadline_s)

    def close(self) -> None:
        """Hang up, as a visitor does who closes the tab."""
        if not self.ended:
            self._history.record(EventKind.REQUEST_LEFT, request=self.id)
        self._socket.close()

    def _take(self) -> None:
        try:
            while (event := self._wire.next_event()) is not h11.NEED_DATA:
                match event:
                    case h11.Response():
                        self.status = event.status_code
                        self.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
                    case h11.InformationalResponse():
                        pass
                    case h11.Data():
                        if not self._body:
                            self._history.record(EventKind.REQUEST_FIRST_BYTE, request=self.id)
                        self._body += event.data
                    case _:
                        self._end()
                        return
        except h11.RemoteProtocolError:  # cut off in the middle of the body
            self._end()

    def _end(self) -> None:
        self.ended = True
        self._history.record(EventKind.REQUEST_ANSWERED, request=self.id, status=self.status)


def _told(headers: Mapping[str, str] | None, body: bytes | None) -> dict[str, Any]:
    """What a request had besides its path, as far as it can be repeated by hand."""
    facts: dict[str, Any] = {}
    if headers:
        facts["headers"] = dict(headers)
    if body and len(body) <= SHOWN_BYTES:
        facts["body"] = body.decode(errors="replace")
    return facts
