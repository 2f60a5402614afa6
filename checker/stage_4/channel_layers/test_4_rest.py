"""Channel layers: the idle sockets, which have been left alone beside all other checks."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_4.channel_layers import places
from checker.stage_4.channel_layers.board import said
from checker.stage_4.channel_layers.rest import Rest
from checker.stage_4.channel_layers.station import Station, bell, expect_heard


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
