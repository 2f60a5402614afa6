"""Middleware Evolution, sockets: five for each address, and a place is free again however a socket ends."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.suite import needs
from checker.harness.websocket import WebSocket
from checker.stage_5.asgi_middleware.market import TRACING, Market

PLACES = 5
COUNT = (r"\bif\b.*[<>]", r"[<>]=? ?\w", r"\b5\b")


@needs("test_each_visit_has_an_id")
def test_the_sixth_socket_is_refused(market: Market, picture: Picture) -> None:
    """Five sockets of one address are open together; a sixth is refused before it is accepted, one elsewhere is not."""
    sockets = [expect_place(market, "127.0.0.1", f"{number} of five", "wrong-limit") for number in range(1, PLACES + 1)]
    sixth = market.connect("127.0.0.1", label="the sixth")
    wanted = "a sixth socket of one address is refused with 403, before it is accepted"
    where = market.line(TRACING, *COUNT, r"websocket")
    if sixth.refused is None:
        sixth.wait_closed(1.0)
        if sixth.close_code is None:
            fail("wrong-limit", wanted=wanted, saw="it is open, beside the five", where=where)
        saw = f"it was accepted, and closed with {sixth.close_code} after that"
        fail("refused-too-late", wanted=wanted, saw=saw, where=market.line(TRACING, r"websocket\.close") or where)
    if sixth.refused != 403:
        errors = market.uvicorn.seen(EventKind.APP_RAISED, since=market.since)
        said = f"; {errors[-1]['type']}: {errors[-1]['message']}" if errors else ""
        saw = f"status {sixth.refused}{said}"
        fail("refused-badly", wanted=wanted, saw=saw, where=errors[-1].where if errors and errors[-1].where else where)
    other = market.connect("10.2.0.2", label="of another address")
    if other.refused is not None:
        wanted = "a socket of another address is let in, though one has its five"
        fail(
            "limit-for-all",
            wanted=wanted,
            saw=f"status {other.refused}",
            where=market.line(TRACING, r"client") or where,
        )
    draw(market, picture, [*sockets, sixth, other])


@needs("test_the_sixth_socket_is_refused")
def test_a_place_is_free_again(market: Market, picture: Picture) -> None:
    """A place is free again when a socket has closed, is cut off, meets a bug, or is refused by the market."""
    for number, what in enumerate(("closed", "was cut off", "met a bug", "was refused by the market itself"), 1):
        address = f"10.3.0.{number}"
        stays = [expect_place(market, address, f"{place} of five", "place-lost") for place in range(1, PLACES)]
        fifth = market.connect(address, "/ws/?banned=1" if "refused" in what else "/ws/", label=f"{what}")
        match what:
            case "closed":
                fifth.close()
            case "was cut off":
                fifth.cut()
            case "met a bug":
                fifth.send({"do": "bug"})
        market.wait_left(fifth)
        expect_place(market, address, "the next", "place-lost", f"the fifth {what}")
        for socket in stays:
            socket.close()
    picture.nothing()


def expect_place(market: Market, address: str, label: str, code: str, after: str = "") -> WebSocket:
    """A socket that is let in."""
    socket = market.connect(address, label=label)
    if socket.refused is not None:
        wanted = f"a socket beside four is let in{f', after {after}' if after else ''}"
        freeing = [r"-= 1|\.remove\(|\.discard\(|\.release\("] if after else []
        where = market.line(TRACING, *freeing, *COUNT)
        fail(code, wanted=wanted, saw=f"status {socket.refused}", where=where, facts={"after": after or "nothing"})
    return socket


def draw(market: Market, picture: Picture, sockets: list[WebSocket]) -> None:
    """Whose socket was open when."""
    history, lanes = market.uvicorn.run.history, []
    for socket in sockets:
        began = next(event.t for event in history.events(EventKind.SOCKET_OPENING) if event["socket"] == socket.id)
        if socket.refused is None:
            lanes.append(Lane(socket.label, [Stretch(began, None)]))
        else:
            lanes.append(Lane(socket.label, moments=[(began, f"{socket.refused}")]))
    picture.lanes("sockets, by who came when", lanes)
