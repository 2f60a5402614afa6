"""A WebSocket as checks use it: plain calls that wait at most so long, over one background event loop.

The library's own synchronous client is deprecated outside `with` (websockets 17), hence the loop.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from checker.harness.bounds import MOST_BYTES, MOST_PIECES, answer_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.http import REQUEST_ID_HEADER
from checker.harness.open_files import record_if_out

FRAME_DEADLINE_S = 10.0
OPEN_DEADLINE_S = 20.0
MOST_UNREAD_BYTES = 4 * MOST_BYTES  # a check may let many frames pile up before it reads them

_T = TypeVar("_T")
_numbers = itertools.count(1)


class WebSocket:
    """One connection. Frames are JSON unless said otherwise; each goes to the history.

    What comes is taken in at once, whether a check reads it or not. Too much of it that nobody reads ends the
    connection, and the check that next asks for a frame.
    """

    def __init__(
        self,
        history: History,
        url: str,
        *,
        label: str = "",
        headers: Mapping[str, str] | None = None,
        server: str = "",
    ) -> None:
        """`label` and `server` are what pictures call the two ends."""
        self.id = f"w{next(_numbers)}"
        self.label = label or self.id
        self.refused: int | None = None  # the handshake's status; 0 when the connection broke before one
        self._history = history
        self._connection: ClientConnection | None = None
        self._frames: asyncio.Queue[str | bytes | None] = asyncio.Queue()  # None: the connection has ended
        self._unread_bytes = 0
        self._is_endless = False
        history.record(EventKind.SOCKET_OPENING, socket=self.id, url=url, label=self.label, server=server)
        try:
            opening = connect(
                url,
                additional_headers={**(headers or {}), REQUEST_ID_HEADER: self.id},
                open_timeout=OPEN_DEADLINE_S,
                ping_interval=None,  # pings of ours would keep alive what the learner's code lets die
                compression=None,
                proxy=None,  # else a proxy variable of the learner's shell would lead us away from loopback
            )
            self._connection = _wait(self._open(opening), OPEN_DEADLINE_S + 5)
        except InvalidStatus as error:
            self.refused = error.response.status_code
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError) as error:
            record_if_out(history, error)
            self.refused = 0
        outcome = EventKind.SOCKET_OPENED if self.refused is None else EventKind.SOCKET_REFUSED
        history.record(outcome, socket=self.id, status=self.refused)

    def send(self, message: Any) -> None:
        """Send bytes as a binary frame, str as text, anything else as JSON. Sending on a closed socket is silent."""
        frame = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self._history.record(EventKind.SOCKET_SENT, socket=self.id, frame=_shown(frame))
        if self._connection is not None:
            with suppress(ConnectionClosed):
                _wait(self._connection.send(frame), FRAME_DEADLINE_S)

    def receive(self, deadline_s: float = FRAME_DEADLINE_S) -> Any:
        """The next frame, parsed when it is JSON. None at the deadline, or when it is closed (see `close_code`)."""
        if self._connection is None:
            return None
        try:
            frame = _wait(self._next(deadline_s), deadline_s + 5)
        except TimeoutError:
            return None
        if self._is_endless:
            raise answer_endless(f"what is sent to the WebSocket {self.label}", self._unread_bytes)
        if frame is None:
            self._history.record(EventKind.SOCKET_CLOSED, socket=self.id, code=self.close_code)
            return None
        self._history.record(EventKind.SOCKET_RECEIVED, socket=self.id, frame=_shown(frame))
        with suppress(ValueError, RecursionError):
            return json.loads(frame)
        return frame

    def receive_until(self, matches: Callable[[Any], bool], deadline_s: float = FRAME_DEADLINE_S) -> list[Any]:
        """Every frame up to and with the first that matches. Without a match, what came until the deadline or close."""
        end = self._history.now() + deadline_s
        frames: list[Any] = []
        while (left := end - self._history.now()) > 0:
            frame = self.receive(left)
            if frame is None:
                break
            frames.append(frame)
            if matches(frame):
                break
        return frames

    def wait_closed(self, deadline_s: float = FRAME_DEADLINE_S) -> bool:
        """True when the server closes it before the deadline; frames that come before are dropped."""
        if self._connection is None:
            return True
        end = self._history.now() + deadline_s
        while self.close_code is None and (left := end - self._history.now()) > 0:
            self.receive(left)
        return self.close_code is not None

    @property
    def close_code(self) -> int | None:
        """The close code, 1006 for a lost connection; None while it is open."""
        return None if self._connection is None else self._connection.close_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer to its handshake, in whatever case they are asked for; none when it was refused."""
        answer = None if self._connection is None else self._connection.response
        return {} if answer is None else answer.headers

    def close(self) -> None:
        """Close it with the closing handshake."""
        if self._connection is not None:
            with suppress(TimeoutError):
                _wait(asyncio.wait_for(self._connection.close(), 5), 10)
            self._history.record(EventKind.SOCKET_CLOSED, socket=self.id, code=self.close_code)

    def cut(self) -> None:
        """Drop the connection without a closing handshake, as a lost network does."""
        if self._connection is not None:
            _loop().call_soon_threadsafe(self._connection.transport.abort)
            self._history.record(EventKind.SOCKET_CLOSED, socket=self.id, code=1006, cut=True)

    async def _open(self, opening: connect) -> ClientConnection:
        connection = await opening
        self._taking_in = asyncio.create_task(self._take_in(connection))
        return connection

    async def _take_in(self, connection: ClientConnection) -> None:
        # Without a pause: with 16 unread frames the library stops reading, and would never see a close.
        with suppress(ConnectionClosed):
            while not self._is_endless:
                frame = await connection.recv()
                self._frames.put_nowait(frame)
                self._unread_bytes += len(frame)
                self._is_endless = self._unread_bytes > MOST_UNREAD_BYTES or self._frames.qsize() > MOST_PIECES
            connection.transport.abort()
        self._frames.put_nowait(None)

    async def _next(self, deadline_s: float) -> str | bytes | None:
        frame = await asyncio.wait_for(self._frames.get(), deadline_s)
        if frame is None:
            self._frames.put_nowait(None)  # for whoever asks again
        else:
            self._unread_bytes -= len(frame)
        return frame


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="websockets", daemon=True).start()
    return loop


def _wait(coroutine: Coroutine[Any, Any, _T], deadline_s: float) -> _T:
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result(deadline_s)


def _shown(frame: str | bytes) -> str:
    text = frame if isinstance(frame, str) else repr(frame)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"
