"""Part B, one application on three servers: sockets that count, are told of notices, and leave."""

from __future__ import annotations

from collections.abc import Iterator

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.suite import needs
from checker.stage_1.http_vs_websocket.cases import COUNTED, OTHER_PATHS
from checker.stage_1.http_vs_websocket.leaving import expect_leaving
from checker.stage_1.http_vs_websocket.station import Station

BOOT_DEADLINE_S = 40.0
SOCKETS = 20


def test_three_servers_serve_the_site(stations: Iterator[Station]) -> None:
    """uvicorn, daphne and hypercorn start the site, and Django answers."""
    for station in stations:
        station.server.expect_ready("/hello/", BOOT_DEADLINE_S)
        answer = station.server.expect_get("/hello/")
        if (answer.status, answer.text.strip()) != (200, "hello"):
            saw = f"status {answer.status}: {answer.text[:80]!r}"
            fail("django-left-out", wanted=f"{station.name}: Django answers /hello/ with 'hello'", saw=saw)


@needs("test_three_servers_serve_the_site")
def test_each_socket_counts(stations: Iterator[Station]) -> None:
    """On each server twenty sockets are open together, and each counts its own messages."""
    for station in stations:
        sockets = [station.expect_socket(str(number)) for number in range(1, SOCKETS + 1)]
        for number, text in ((1, "hello"), (2, "grüße 🦊")):
            for socket in reversed(sockets):
                station.expect_answer_to(socket, text, number, "wrong-count")
        for socket in sockets:
            socket.close()


@needs("test_each_socket_counts")
def test_text_and_bytes_are_counted(stations: Iterator[Station]) -> None:
    """Text and binary messages are counted alike, empty ones too."""
    for station in stations:
        socket = station.expect_socket("1")
        for number, message in enumerate(COUNTED, 1):
            station.expect_answer_to(socket, message, number, "bytes-or-text")
        socket.close()


@needs("test_each_socket_counts")
def test_other_paths_are_refused(stations: Iterator[Station]) -> None:
    """A WebSocket at any other path is refused before it is accepted, without an error."""
    for station in stations:
        for path in OTHER_PATHS:
            socket = station.server.websocket(path, label=f"{station.name} {path}")
            wanted = f"{station.name}: the handshake at {path} is refused with 403 (or another 4xx)"
            if socket.refused is None:
                station.fail("other-path-accepted", wanted, "it was accepted")
            if not 400 <= socket.refused < 500:
                seen = f"status {socket.refused}" if socket.refused else "no answer"
                errors = station.server.seen(EventKind.APP_RAISED, since=station.since)
                saw = f"{seen}; {errors[-1]['type']}: {errors[-1]['message']}" if errors else seen
                fail("not-refused", wanted=wanted, saw=saw, where=errors[-1].where if errors else None)


@needs("test_each_socket_counts")
def test_a_notice_reaches_every_socket(stations: Iterator[Station]) -> None:
    """POST /notify/ reaches every open socket, also one that has never spoken, once and in order."""
    for station in stations:
        sockets = [station.expect_socket(name) for name in ("silent", "second", "talking")]
        station.expect_answer_to(sockets[2], "hello", 1, "wrong-count")
        notice = station.notify("tea is ready")
        for socket in sockets:
            station.expect_frame(socket, notice, f"socket {socket.label} after POST /notify/", "notice-not-pushed")
            # Had it come twice, it would stand before this answer.
            station.expect_answer_to(socket, "next", 1 + (socket is sockets[2]), "notice-not-once")
        notices = [station.notify(text) for text in ("grüße 🦊", " more tea\n")]
        for socket in sockets:
            socket.send("later")
            when = f"socket {socket.label} after two POSTs, both answered before it speaks"
            for notice in notices:
                station.expect_frame(socket, notice, when, "notice-not-pushed")
        if (ids := [notice["id"] for notice in notices]) != [ids[0], ids[0] + 1]:
            station.fail(
                "wrong-notify-answer", f"{station.name}: ids count up by one", f"two POSTs were answered {ids}"
            )
        for socket in sockets:
            socket.close()


@needs("test_a_notice_reaches_every_socket")
def test_a_lost_socket_is_forgotten(stations: Iterator[Station]) -> None:
    """A socket that closes or is cut off ends its call of the application, and costs nobody a notice."""
    for station in stations:
        expect_leaving(station)
