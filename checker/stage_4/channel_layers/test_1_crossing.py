"""Channel layers: what is said or announced in one process is heard in the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from unicodedata import normalize

import pytest

from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.starters import Ahead
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places
from checker.stage_4.channel_layers.board import Board, Frame, announced, group_of, said, shown
from checker.stage_4.channel_layers.station import (
    Station,
    Stranger,
    bell,
    expect_ended,
    expect_heard,
    expect_posted,
    expect_time,
    judge_heard,
    send_post,
)

SENT_WITHIN_S = 2.0
GIVEN = [
    *(f"station/{name}.py" for name in ("asgi", "consumers", "rooms", "urls", "wsgi")),
    *("manage.py", "station/management/commands/flood.py"),
]


def test_what_is_said_crosses(run: Run, station: Station, ahead: Ahead, picture: Picture) -> None:
    """What is said in a socket of one process is heard in the other; the given files are as they were."""
    expect_given(run, *GIVEN)
    ahead("wsgi", "test_an_announcement_reaches_every_process")
    room = station.room("Gleis 1")
    boards = [Board(server, room) for server in station.servers]
    for speaker, listener in (boards, boards[::-1]):
        hello = station.text("hello")
        speaker.say(hello)
        speaker.wait_heard(hello)
        # Were the first word on its way, it would arrive before this one.
        ring = bell([listener], station.tags)
        _expect_crossed(station, speaker, listener, ring, [said(room, hello), said(room, ring)])
        speaker.wait_heard(ring)
    for board in boards:
        board.socket.close()
    picture.nothing()


@pytest.mark.usefixtures("rest")
@needs("test_what_is_said_crosses")
def test_an_announcement_reaches_every_process(station: Station, wsgi: Server, ahead: Ahead, picture: Picture) -> None:
    """A POST to either uvicorn or to gunicorn is heard in every socket of the room, once, with its time."""
    ahead("stranger", "test_deployments_keep_apart")
    room = station.room("Gleis 2, Süd")
    # Near names: what tidies one of them announces in another's room.
    rooms = [room, f"{room} ", normalize("NFD", room), room.lower()]
    boards = {each: [Board(server, each) for server in station.servers for _ in range(2)] for each in rooms}
    texts = [station.text("Zug fällt aus") for _ in rooms[1:]] + [station.odd_text("Zug fällt aus")]
    posted = []
    for server, each, text, times in zip(
        (*station.servers, wsgi, station.one), rooms, texts, (1, 1, 1, 2), strict=True
    ):
        asked_at = datetime.now(UTC)
        for _ in range(times):  # the same text again is another announcement
            expect_posted(server, send_post(server, each, text))
        posted.append((server, each, [text] * times, asked_at))
    for server, each, asked, asked_at in posted:
        ring = bell(boards[each], station.tags)
        for board in boards[each]:
            how = f"what is announced by {server.name} in {each!a}"
            expected = [*(announced(each, text) for text in asked), said(each, ring)]
            frames = expect_heard(board, ring, expected, how, by=server, rooms=dict(zip(texts, rooms, strict=True)))
            expect_time(board, frames, asked[0], asked_at)
    for board in (board for listeners in boards.values() for board in listeners):
        board.socket.close()
    picture.nothing()


@needs("test_an_announcement_reaches_every_process")
def test_the_command_reaches_every_process(station: Station, stranger: Stranger, picture: Picture) -> None:
    """`manage.py announce ROOM TEXT`, a process of its own, is heard in both uvicorns, once."""
    room, text = f"  {station.room('Bahnsteig  Ω')}\n", station.odd_text("Türen schließen")
    boards = [Board(server, room) for server in station.servers]
    group, foreign = group_of(room), group_of(stranger.boards[0].room)
    station.monitor.catch_up()  # of all that was before, it tells no more
    before, sends, asked_at = (
        station.monitor.mentions(group),
        station.monitor.sends(without=foreign),
        datetime.now(UTC),
    )
    command = station.command(room, text)
    expect_ended(command, "`manage.py announce` ends with 0")
    is_sent = wait_until(lambda: station.monitor.mentions(group) > before, SENT_WITHIN_S)
    if not is_sent and station.monitor.sends(without=foreign) == sends:
        saw = "it ended with 0, and the Valkey at REDIS_URL got no command from it that was for this room"
        where = places.line(station.run, *places.UNSENT) or places.line(
            station.run, *places.COMMAND_SENDS, files="announce.py"
        )
        fail("command-unheard", wanted="what `manage.py announce` announces goes to Valkey", saw=saw, where=where)
    ring = bell(boards, station.tags)
    for board in boards:
        expected, how = [announced(room, text), said(room, ring)], "what the command announces"
        frames = expect_heard(board, ring, expected, how, first=places.COMMAND)
        expect_time(board, frames, text, asked_at, first=places.COMMAND)
        board.socket.close()
    picture.nothing()


@needs("test_the_command_reaches_every_process")
def test_deployments_keep_apart(station: Station, stranger: Stranger, ahead: Ahead, picture: Picture) -> None:
    """Another INSTANCE_PREFIX on the same Valkey is another deployment: its announcements are not heard here."""
    expect_ended(stranger.command, "`manage.py announce` of another deployment ends with 0")
    # Not before: the rest of the idle sockets begins when these processes have heard their last, and lasts longest.
    ahead("ward", "test_nobody_is_told_too_early")
    ahead("office", "test_health_tells_what_ping_does_not")
    ring = bell(stranger.boards, station.tags)
    for board in stranger.boards:
        frames = board.wait_heard(ring)
        if any(frame.get("announcement") == stranger.text for frame in frames):
            prefix = station.environment["INSTANCE_PREFIX"]
            wanted = (
                f"with INSTANCE_PREFIX={prefix} nobody hears what is announced with INSTANCE_PREFIX={stranger.prefix}"
            )
            saw = f"{board.name} heard {shown(frames[:1])}"
            fail("deployments-mixed", wanted=wanted, saw=saw, where=places.line(station.run, *places.PREFIX))
        board.socket.close()
    picture.nothing()


def _expect_crossed(station: Station, speaker: Board, listener: Board, ring: str, expected: Sequence[Frame]) -> None:
    """As `expect_heard`; a word that did not cross, or by another way, is told by what Valkey saw of it."""
    frames = listener.wait_heard(ring)
    station.monitor.catch_up()
    if not station.monitor.mentions(group_of(speaker.room)):
        wanted = f"{listener.name} hears by way of Valkey what is said in {speaker.name}"
        saw = f"{listener.name} heard {shown(frames)}\nthe Valkey at REDIS_URL got no command for this room"
        if expected[0] in frames:
            fail("layer-elsewhere", wanted=wanted, saw=saw, where=places.line(station.run, *places.ADDRESS))
        Picture(station.run.history).missing(listener, str(expected[0]["said"]))
        fail(
            "layer-not-shared", wanted=wanted, saw=saw, where=places.line(station.run, *places.MEMORY, *places.ADDRESS)
        )
    judge_heard(listener, frames, expected, f"what is said in {speaker.name}")
