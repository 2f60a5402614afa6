"""Clients that leave, and one that does not read: what the application must do for the others then."""

from __future__ import annotations

import json
from contextlib import suppress

from checker.harness.findings import fail
from checker.harness.websocket import WebSocket
from checker.stage_1.http_vs_websocket.frames import CLOSE, PING, PONG, TEXT, encode
from checker.stage_1.http_vs_websocket.raw import RawSocket, room_bytes
from checker.stage_1.http_vs_websocket.site import COUNTER, PROMPT_S, Notice, Station

HURRIED = 3
MASK = b"mask"
LARGE_BYTES = 500_000
# On top of twice the kernel's room: for the buffers of servers and libraries.
MORE_BYTES = 1_000_000
MOST_BYTES = 40_000_000


def leave(station: Station) -> None:
    """Four ways to leave; after each the call ends, and the next notice reaches those who stay."""
    stays, closes, is_cut, vanishes, last = (station.socket(name) for name in "12345")
    for socket in (closes, is_cut, vanishes):
        station.answers(socket, "hello", 1, "wrong-count")
    closes.close()
    _must_end(station, closes, "has closed")
    is_cut.cut()
    _must_end(station, is_cut, "has been cut off")
    with station.standing_still():
        # Met all at once: the answers go to a client that is no longer there.
        for text in ("one", "two", "three"):
            vanishes.send(text)
        vanishes.cut()
        vanishes.wait_closed()
    _must_end(station, vanishes, "vanishes while it is being answered")
    for number in range(1, HURRIED + 1):
        with _raw(station, f"hasty {number}") as hurried:
            # In one segment: Daphne has closed before the application answers, and raises in send().
            frames = (encode(TEXT, b"one", mask=MASK), encode(TEXT, b"two", mask=MASK), _good_bye())
            hurried.send(b"".join(frames), "two texts and a close")
            _must_end(station, hurried, "sends two texts and its close frame in one segment")
    notice = station.notify_past("news", "four sockets have left")
    for socket in (stays, last):
        station.gets(socket, notice, f"socket {socket.label}, which is open, after others have left", "left-behind")
        socket.close()


def stall(station: Station) -> None:
    """Notices are posted until the kernel takes no more for one who does not read: all get all of them, it too."""
    first = station.socket("1")
    with _raw(station, "stalled") as stalled:
        last = station.socket("2")
        posted: list[Notice] = []
        needed_bytes = min(2 * room_bytes() + MORE_BYTES, MOST_BYTES)
        for number in range(needed_bytes // LARGE_BYTES + 1):
            text = f"notice {number} ".ljust(LARGE_BYTES, "x")
            post = station.post(text)
            if post.answer(PROMPT_S) is None:
                wanted = f"{station.name}: POST /notify/ is answered while one client does not read"
                sent = f"{len(posted) * LARGE_BYTES / 1e6:.1f} MB of notices"
                station.fail("held-up", wanted, f"no answer in {PROMPT_S:.0f} s, after {sent} for that client")
            posted.append(station.posted(post, text))
        for socket in (first, last):
            for number, notice in enumerate(posted, 1):
                if socket.receive(PROMPT_S) != notice:
                    wanted = f"socket {socket.label} gets all {len(posted)} notices while another client does not read"
                    station.fail("held-up", wanted, f"number {number} did not come")
            socket.close()
        station.serves_others("while one client does not read")
        _catch_up(station, stalled, posted)
    _must_end(station, stalled, "which did not read, has been cut off")


def _catch_up(station: Station, stalled: RawSocket, posted: list[Notice]) -> None:
    """Who has not read begins to: every notice has waited for it, in order, or it has been cut off."""
    stalled.begin_to_read()
    for number, notice in enumerate(posted, 1):
        frame = stalled.frame(PROMPT_S)
        while frame is not None and frame.opcode in (PING, PONG):
            frame = stalled.frame(PROMPT_S)
        if frame is None and (not stalled.is_open or station.has_ended(stalled.id)):
            return
        if frame is not None and frame.opcode == CLOSE:
            return
        got = None if frame is None else _notice(frame.payload)
        if got != notice:
            wanted = f"{station.name}: a client that has not read gets all {len(posted)} notices when it reads"
            seen = "no frame" if frame is None else f"a frame of {len(frame.payload)} bytes"
            saw = f"after {number - 1} of them {seen} came, and it was not cut off"
            station.fail("notice-dropped", wanted, saw)


def _notice(payload: bytes) -> object:
    with suppress(ValueError):
        return json.loads(payload)
    return None


def _must_end(station: Station, socket: WebSocket | RawSocket, what: str) -> None:
    if not station.ended(socket.id):
        wanted = f"{station.name}: the application's call for a socket ends when the client {what}"
        station.fail("socket-not-ended", wanted, f"it still runs after {PROMPT_S:.0f} s")


def _raw(station: Station, name: str) -> RawSocket:
    socket = RawSocket(station.server.run.history, station.server.port, COUNTER, f"{station.name} {name}")
    if not socket.is_open:
        fail("handshake-refused", wanted=f"{station.name}: a WebSocket opens at {COUNTER}", saw="it was refused")
    return socket


def _good_bye() -> bytes:
    return encode(CLOSE, (1000).to_bytes(2, "big"), mask=MASK)
