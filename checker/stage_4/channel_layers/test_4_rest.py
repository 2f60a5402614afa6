"""Channel layers: many sockets at once, and the idle ones that have been left alone beside all other checks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places, trouble
from checker.stage_4.channel_layers.board import said
from checker.stage_4.channel_layers.rest import Rest
from checker.stage_4.channel_layers.station import Station, bell, expect_heard
from checker.stage_4.channel_layers.ward import Ward

MANY = 200
ALL_WITHIN_S = 15.0


@needs("test_nobody_is_told_too_early")
def test_many_sockets_open_at_once(station: Station, ward: Ward, picture: Picture) -> None:
    """Two hundred sockets that open at once in one process are all let in."""
    path = "/ws/?room=hall"
    history, since = station.run.history, station.run.history.now()
    with ThreadPoolExecutor(MANY) as pool:
        with ward.writes_held():
            opening = [pool.submit(ward.server.websocket, path, label="one of many") for _ in range(MANY)]
            # All of them wait in Valkey, or one has been told something.
            wait_until(lambda: ward.waiting(("zadd",)) >= MANY or any(one.done() for one in opening), ALL_WITHIN_S)
        sockets = [one.result() for one in opening]
    picture.nothing()
    refused = [one for one in sockets if one.refused is not None]
    if refused:
        wanted = f"{MANY} sockets that open at once in one process are all let in"
        saw = f"{len(refused)} of them were refused; the first handshake got status {refused[0].refused}"
        trouble.judge_error(ward.server, wanted, saw, request=refused[0].id)
        fail("handshakes-refused", wanted=wanted, saw=saw, where=places.line(station.run, *places.POOL))
    for one in sockets:
        one.cut()
    wait_until(lambda: len(history.events(EventKind.APP_LEFT, since=since)) >= MANY, ALL_WITHIN_S)
    ward.wait_quiet()


@needs("test_what_is_said_crosses")
def test_idle_sockets_live(station: Station, rest: Rest, picture: Picture) -> None:
    """Sockets that nobody has spoken to live on, while each process's wait in Valkey comes back empty twice."""
    dead = rest.wait()
    if dead:
        rest.draw(picture)
        first = dead[0]
        wanted = "idle sockets live on: Valkey is healthy, and has cut nobody off"
        saw = f"{first.name} died ({first.socket.close_code})"
        if (waited_s := rest.waited_s(first)) is not None:
            saw += f" when its process had waited in Valkey for {waited_s:.1f} s"
        errors = station.run.history.events(EventKind.APP_RAISED)
        if raised := [e for e in errors if e["request"] == first.id]:
            saw += f"\n{raised[0]['type']}: {raised[0]['message']}"
        fail("idle-sockets-die", wanted=wanted, saw=saw, where=places.line(station.run, *places.PATIENCE))
    room = rest.boards[0].room
    ring = bell(rest.boards, station.tags)
    for board in rest.boards:
        expect_heard(board, ring, [said(room, ring)], "what is said in its room after the rest")
    rest.draw(picture)
