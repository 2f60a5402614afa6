"""Parts B and C together: who does not read holds up nobody, and three ways bring the same notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_1.http_vs_websocket.frames import CLOSE
from checker.stage_1.http_vs_websocket.raw_socket import RawSocket, room_bytes
from checker.stage_1.http_vs_websocket.station import Notice, Station
from checker.stage_1.http_vs_websocket.three_ways import expect_same_three_ways

LARGE_BYTES = 500_000
# On top of twice the kernel's room: for the buffers of servers and libraries.
MORE_BYTES = 1_000_000
MOST_BYTES = 40_000_000


@needs("test_a_notice_reaches_every_socket")
def test_nobody_is_held_up(stations: Iterator[Station]) -> None:
    """A client that does not read holds up nobody: its own notices wait, or it is cut off."""
    for station in stations:
        expect_stall(station)


def expect_stall(station: Station) -> None:
    """Notices are posted until the kernel takes no more for one who does not read: all get all of them, it too."""
    first = station.expect_socket("1")
    with station.expect_raw_socket("stalled") as stalled:
        last = station.expect_socket("2")
        posted: list[Notice] = []
        needed_bytes = min(2 * room_bytes() + MORE_BYTES, MOST_BYTES)
        for number in range(needed_bytes // LARGE_BYTES + 1):
            text = f"notice {number} ".ljust(LARGE_BYTES, "x")
            post = station.post(text)
            if station.wait_answer(post) is None:
                wanted = f"{station.name}: POST /notify/ is answered while one client does not read"
                sent = f"{len(posted) * LARGE_BYTES / 1e6:.1f} MB of notices"
                station.fail("held-up", wanted, f"no answer, after {sent} for that client, and the server rests")
            posted.append(station.expect_posted(post, text))
        for socket in (first, last):
            for number, notice in enumerate(posted, 1):
                if station.wait_frame(socket) != notice:
                    wanted = f"socket {socket.label} gets all {len(posted)} notices while another client does not read"
                    station.fail("held-up", wanted, f"number {number} did not come")
            socket.close()
        station.expect_others_served("while one client does not read")
        expect_catch_up(station, stalled, posted)
    station.expect_end(stalled, "which did not read, has been cut off")


def expect_catch_up(station: Station, stalled: RawSocket, posted: list[Notice]) -> None:
    """Who has not read begins to: every notice has waited for it, in order, or it has been cut off."""
    stalled.begin_to_read()
    for number, notice in enumerate(posted, 1):
        frame = station.wait_raw_frame(stalled)
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
    with suppress(ValueError, RecursionError):
        return json.loads(payload)
    return None


@needs("test_a_notice_reaches_every_socket", "test_a_cursor_misses_nothing", "test_a_poll_ends_empty_handed")
def test_three_ways_bring_the_same(booting: list[Station], picture: Picture) -> None:
    """Polling, the long poll and the WebSocket bring the same five notices."""
    expect_same_three_ways(booting[0].begin(), picture, ("tea", "milk", "sugar", "scones", "jam"))
