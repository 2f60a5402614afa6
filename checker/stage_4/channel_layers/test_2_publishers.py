"""Channel layers: who publishes is told so when the layer has taken it, and not before."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places, trouble
from checker.stage_4.channel_layers.board import announced, said
from checker.stage_4.channel_layers.leaks import expect_posts_hold_nothing
from checker.stage_4.channel_layers.monitor import PUBLISHES
from checker.stage_4.channel_layers.station import Station, bell, expect_ended, expect_heard, expect_posted, send_post
from checker.stage_4.channel_layers.ward import POLL_EVERY_S, Ward

HELD_WITHIN_S = 10.0
# From when a call is known to wait in Valkey: what was told before is there by then.
EARLY_WITHIN_S = 0.2
PULSE_WITHIN_S = 2.0
AT_ONCE_S = 0.01
COMMAND_ENDS_WITHIN_S = 0.4


@needs("test_the_command_reaches_every_process")
def test_nobody_is_told_too_early(station: Station, ward: Ward, picture: Picture) -> None:
    """No POST is answered, and no command ends, before the layer has taken the announcement."""
    ward.server.expect_ready("/")
    room = station.room("Gleis 5")
    board = ward.board(room)
    texts = [station.text("posted"), station.text("by the command")]
    with ward.writes_held():
        post = send_post(ward.server, room, texts[0])
        wait_until(lambda: ward.waiting(PUBLISHES) or post.is_done, HELD_WITHIN_S, every_s=POLL_EVERY_S)
        if post.wait_answer(EARLY_WITHIN_S) is None:  # a busy process has sent it once it answers somebody else
            ward.server.send("/", label="pulse").wait_answer(PULSE_WITHIN_S)
        answer = post.wait_answer(AT_ONCE_S)
        if answer is not None and 200 <= answer.status < 300:
            _fail_as_early(ward, f"POST /api/announce/ was answered with {answer.status} meanwhile")
    expect_posted(ward.server, post)
    ring = bell([board], station.tags)
    how = "what was posted while Valkey held it back"
    expect_heard(board, ring, [announced(room, texts[0]), said(room, ring)], how)
    board.socket.close()
    ward.wait_quiet()  # a socket might lose patience with Valkey while the command starts
    with ward.writes_held():
        command = ward.command(room, texts[1])
        wait_until(lambda: ward.waiting(PUBLISHES), HELD_WITHIN_S, unless_ended=command.process, every_s=POLL_EVERY_S)
        if command.process.wait(COMMAND_ENDS_WITHIN_S) == 0:
            _fail_as_early(ward, "`manage.py announce` ended with 0 meanwhile")
    expect_ended(command, "`manage.py announce` ends with 0 once Valkey goes on")
    expect_posts_hold_nothing(ward, station.room("Gleis 5, nobody there"))
    picture.nothing()


def _fail_as_early(ward: Ward, saw: str) -> NoReturn:
    trouble.judge_never_awaited(ward.server, "group_send is awaited", saw)
    fail(
        "told-too-early",
        wanted="while Valkey holds back what the layer writes, nobody is told that it is announced",
        saw=f"{saw}; the layer had taken nothing yet",
        where=places.line(ward.server.run, *places.SPAWNS),
    )
