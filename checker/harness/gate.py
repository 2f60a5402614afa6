"""The Gate: a loopback HTTP latch that plays the learner's slow upstream.

`GET /hold/<tag>` is held until the check releases it, so "in flight at the same time" is counted, not timed.
Every arrival, release and hang-up goes to the history.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from checker.harness.events import EventKind
from checker.harness.history import History

ARRIVAL_DEADLINE_S = 10.0
LAST_ANSWERS_DEADLINE_S = 1.0
# From a full accept queue to a counted call it takes the loop four turns: accept, connection, bytes, the call's task.
TURNS_TO_COUNT_A_CALL = 10
SETTLE_DEADLINE_S = 10.0
# SO_LINGER with no time to linger: closing then resets the connection.
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class _Call:
    """One held call. `reply` is set, on the Gate's loop, to (status, body) when the check lets it go, None to reset."""

    tag: str
    reply: asyncio.Future[tuple[int, str] | None] = field(repr=False)


class Gate:
    """Holds calls until released. All methods may be called from any thread but the Gate's own."""

    def __init__(self, history: History, port: int = 0) -> None:
        """At this port, or at any that is free. `answer` is the body for a call with this tag, where none is named."""
        self.answer: Callable[[str], str] = str
        self._history = history
        self._held: list[_Call] = []
        self._changed = threading.Condition()
        self._open = False
        self._arrived = 0
        self._left = 0
        self._peak = 0
        self._loop = asyncio.new_event_loop()
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(started, port), name="gate", daemon=True)
        self._thread.start()
        self.port = started.result(timeout=5)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- what checks look at ---

    @property
    def held(self) -> list[str]:
        """The tags held now, in order of arrival."""
        with self._changed:
            return [call.tag for call in self._held]

    @property
    def peak(self) -> int:
        """The most calls that were ever held at the same time since the last `reset`."""
        with self._changed:
            return self._peak

    @property
    def arrived(self) -> int:
        """How many calls have come since the last `reset`."""
        with self._changed:
            return self._arrived

    @property
    def left(self) -> int:
        """How many callers hung up while they were held, since the last `reset`."""
        with self._changed:
            return self._left

    @property
    def is_open(self) -> bool:
        """Whether nobody is held."""
        with self._changed:
            return self._open

    def wait_until(self, condition: Callable[[], bool], deadline_s: float = ARRIVAL_DEADLINE_S) -> bool:
        """Sleep until `condition`, looked at after every arrival, release and hang-up; False at the deadline."""
        with self._changed:
            return self._changed.wait_for(condition, timeout=deadline_s)

    def wait_held(self, count: int, deadline_s: float = ARRIVAL_DEADLINE_S) -> bool:
        """True as soon as `count` calls are held together; False at the deadline."""
        return self.wait_until(lambda: len(self._held) >= count, deadline_s)

    def wait_tag(self, tag: str, deadline_s: float = ARRIVAL_DEADLINE_S) -> bool:
        """True as soon as a call with this tag is held; False at the deadline."""
        return self.wait_until(lambda: any(call.tag == tag for call in self._held), deadline_s)

    def wait_left(self, count: int, deadline_s: float = ARRIVAL_DEADLINE_S) -> bool:
        """True as soon as `count` callers have hung up since the last `reset`; False at the deadline."""
        return self.wait_until(lambda: self._left >= count, deadline_s)

    def wait_settled(self) -> None:
        """Return when each call that was sent before now is counted: "no more have come" is true only then.

        On loopback what is sent has arrived; only the Gate's own loop may still have to read it.
        """
        asyncio.run_coroutine_threadsafe(_turns(TURNS_TO_COUNT_A_CALL), self._loop).result(SETTLE_DEADLINE_S)

    # --- what checks do ---

    def plays(self, place: str) -> None:
        """Say where a held call waits ("in the database"): pictures then tell it from other time in the app.

        A call is that of the request whose path holds its tag, between two slashes.
        """
        self._history.record(EventKind.GATE_PLACED, place=place)

    def release(self, tag: str | None = None, *, status: int = 200, body: str | None = None) -> int:
        """Let go the calls with this tag (all, when None); returns how many. The default body is `answer(tag)`."""
        calls = self._let_go(tag, status)
        for call in calls:
            answer = (status, self.answer(call.tag) if body is None else body)
            self._loop.call_soon_threadsafe(_answer, call.reply, answer)
        return len(calls)

    def break_off(self, tag: str | None = None) -> int:
        """Reset the connections of the calls with this tag (all, when None), unanswered; returns how many."""
        calls = self._let_go(tag, None)
        for call in calls:
            self._loop.call_soon_threadsafe(_answer, call.reply, None)
        return len(calls)

    def open(self) -> None:
        """Hold nobody any more: those who wait go, those who come pass."""
        with self._changed:
            self._open = True
        self.release()

    def hold(self) -> None:
        """Hold those who come from now on."""
        with self._changed:
            self._open = False

    def reset(self) -> None:
        """Let everybody go and begin to hold and count anew: each check starts with an empty Gate."""
        self.open()
        self.hold()
        with self._changed:
            self._arrived = self._left = self._peak = 0

    def close(self) -> None:
        """Let everybody go and stop serving."""
        self.open()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def _let_go(self, tag: str | None, status: int | None) -> list[_Call]:
        with self._changed:
            calls = [call for call in self._held if tag is None or call.tag == tag]
            for call in calls:
                self._held.remove(call)
                self._history.record(EventKind.GATE_RELEASED, tag=call.tag, status=status)
            self._changed.notify_all()
        return calls

    # --- the server, on its own loop and thread ---

    def _run(self, started: Future[int], port: int) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(self._listening(port))
        except OSError:  # somebody else has it
            server = self._loop.run_until_complete(self._listening(0))
        started.set_result(server.sockets[0].getsockname()[1])
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        if tasks:  # the answers of those who were let go last are still to be written
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=LAST_ANSWERS_DEADLINE_S))
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _listening(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("latin-1")
            answer = await self._hold(unquote(target.rsplit("/", 1)[-1]), reader)
            if answer is None:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
                return
            status, body = answer
            payload = body.encode()
            writer.write(
                b"HTTP/1.1 %d Gate\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
                % (status, len(payload), payload)
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, IndexError):
            pass  # the caller left, or spoke no HTTP: `_hold` has recorded what matters
        finally:
            writer.close()

    async def _hold(self, tag: str, reader: asyncio.StreamReader) -> tuple[int, str] | None:
        call = _Call(tag, self._loop.create_future())
        with self._changed:
            self._history.record(EventKind.GATE_ARRIVED, tag=tag)
            self._arrived += 1
            if self._open:
                call.reply.set_result((200, self.answer(tag)))
                self._history.record(EventKind.GATE_RELEASED, tag=tag, status=200)
            else:
                self._held.append(call)
                self._peak = max(self._peak, len(self._held))
            self._changed.notify_all()
        hang_up = self._loop.create_task(reader.read(1))
        either: set[asyncio.Future[Any]] = {call.reply, hang_up}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if call.reply.done():
                return call.reply.result()
            self._leave(call)
            raise ConnectionResetError("the caller hung up while held")
        finally:
            hang_up.cancel()

    def _leave(self, call: _Call) -> None:
        with self._changed:
            if call in self._held:
                self._held.remove(call)
                self._left += 1
                self._history.record(EventKind.GATE_LEFT, tag=call.tag)
                self._changed.notify_all()


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _answer(reply: asyncio.Future[tuple[int, str] | None], answer: tuple[int, str] | None) -> None:
    if not reply.done():
        reply.set_result(answer)
