"""Clients that leave: by a close, cut off, vanished, in haste. What the application must do for the others then."""

from __future__ import annotations

from checker.stage_1.http_vs_websocket.frames import CLOSE, TEXT, encode
from checker.stage_1.http_vs_websocket.station import Station

HURRIED = 3
MASK = b"mask"


def expect_leaving(station: Station) -> None:
    """Four ways to leave; after each the call ends, and the next notice reaches those who stay."""
    stays, closes, is_cut, vanishes, last = (station.expect_socket(name) for name in "12345")
    for socket in (closes, is_cut, vanishes):
        station.expect_answer_to(socket, "hello", 1, "wrong-count")
    closes.close()
    station.expect_end(closes, "has closed")
    is_cut.cut()
    station.expect_end(is_cut, "has been cut off")
    with station.standing_still():
        # Met all at once: the answers go to a client that is no longer there.
        for text in ("one", "two", "three"):
            vanishes.send(text)
        vanishes.cut()
        vanishes.wait_closed()
    station.expect_end(vanishes, "vanishes while it is being answered")
    for number in range(1, HURRIED + 1):
        with station.expect_raw_socket(f"hasty {number}") as hurried:
            # In one segment: Daphne has closed before the application answers, and raises in send().
            frames = (encode(TEXT, b"one", mask=MASK), encode(TEXT, b"two", mask=MASK), _good_bye())
            hurried.send(b"".join(frames), "two texts and a close")
            station.expect_end(hurried, "sends two texts and its close frame in one segment")
    notice = station.notify_past("news", "four sockets have left")
    for socket in (stays, last):
        station.expect_frame(
            socket, notice, f"socket {socket.label}, which is open, after others have left", "left-behind"
        )
        socket.close()


def _good_bye() -> bytes:
    return encode(CLOSE, (1000).to_bytes(2, "big"), mask=MASK)
