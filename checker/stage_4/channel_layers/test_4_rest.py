"""Channel layers: many sockets at once, and the idle ones that have been left alone beside all other checks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from checker.harness.events import EventKind
from checker.harness.findings import Inconclusive, fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places, trouble
from checker.stage_4.channel_layers.board import said
from checker.stage_4.channel_layers.crush import Handshake, handshakes
from checker.stage_4.channel_layers.rest import Rest
from checker.stage_4.channel_layers.station import Station, bell, expect_heard
from checker.stage_4.channel_layers.ward import Ward

MANY = 200
ENOUGH = 110  # on a machine too busy for all of them: more than the 100 that redis-py has unless told otherwise
TRIES = 4
SWITCHING = 101
ADDS = ("zadd",)
BEGUN_WITHIN_S = 15.0
# From when the first of them waits: less than the 5 s for which a call may last, where the settings leave it at that.
HELD_FOR_S = 3.5
STILL_WITHIN_S = 0.5
POLL_EVERY_S = 0.1
LEFT_WITHIN_S = 10.0


@needs("test_health_without_valkey")  # or what that one has left of the Valkey would be met here
def test_many_sockets_open_at_once(ward: Ward, picture: Picture) -> None:
    """Two hundred sockets that open at once in one process are all let in."""
    picture.nothing()
    # Each time more of what a handshake needs is there already, connections to Valkey among it: it takes less time.
    if not any(_are_let_in_at_once(ward) for _ in range(TRIES)):
        raise Inconclusive(f"of {MANY} handshakes at once not {ENOUGH} had come to Valkey after {HELD_FOR_S} s")


def _are_let_in_at_once(ward: Ward) -> bool:
    """False where the machine was too busy to bring enough of them to Valkey in time, and all were let in."""
    history = ward.server.run.history
    since = history.now()
    with ward.writes_held(), handshakes(ward.server, "/ws/?room=hall", MANY) as sent:
        for waiting, within_s in ((1, BEGUN_WITHIN_S), (MANY, HELD_FOR_S)):
            wait_until(partial(_have_come, ward, sent, waiting), within_s, every_s=POLL_EVERY_S)
        waited = ward.waiting(ADDS)
        # A pool that lets callers queue sends no more than it has; then the number stays as it is.
        is_growing = 0 < waited < ENOUGH and wait_until(lambda: ward.waiting(ADDS) > waited, STILL_WITHIN_S)
        ward.go_on()
        told = {one.id: one.status() for one in sent}
    if refused := [one for one, status in told.items() if status != SWITCHING]:
        wanted = f"{MANY} sockets that open at once in one process are all let in"
        were = "one of them was" if len(refused) == 1 else f"{len(refused)} of them were"
        saw = f"{were} refused; the first of these handshakes got status {told[refused[0]]}"
        trouble.judge_error(ward.server, wanted, saw, request=refused[0])
        fail("handshakes-refused", wanted=wanted, saw=saw, where=places.line(ward.server.run, *places.POOL))
    wait_until(lambda: len(history.events(EventKind.APP_LEFT, since=since)) >= MANY, LEFT_WITHIN_S)
    ward.wait_quiet()
    return not is_growing


def _have_come(ward: Ward, sent: Sequence[Handshake], count: int) -> bool:
    """Whether so many wait in Valkey, or one has been told something: the other layer lets in without a write."""
    return ward.waiting(ADDS) >= count or any(one.has_answer for one in sent)


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
