"""Channel layers: /healthz/ in good times, while Valkey refuses, while it stands still, and without it."""

from __future__ import annotations

from checker.harness.http import Answer
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_4.channel_layers.leaks import (
    expect_nothing_held,
    expect_nothing_kept,
    expired,
    held,
    keys,
    subscriptions,
)
from checker.stage_4.channel_layers.office import GONE, HELD, REFUSES, STILL, Office, expect_refused
from checker.stage_4.channel_layers.station import Station, send_post
from checker.stage_4.channel_layers.ward import PATIENCE_S, TOGETHER, Ward

TRIES = 3


@needs("test_nobody_is_told_too_early")
def test_health_in_good_times(station: Station, ward: Ward, picture: Picture) -> None:
    """/healthz/ says 200 with and without sockets, however often it is asked, and leaves nothing behind."""
    kept, gone, listened = keys(ward), expired(ward), subscriptions(ward)
    unwell = ward.expect_well("while all is well")
    board = ward.board(station.room("Gleis 6"))
    before: dict[str, int] = {}
    for _ in range(2):  # the first time connections are made, which the second may use
        before = {**subscriptions(ward), **held(ward)}
        unwell += _expect_all_well(ward)
    expect_nothing_held(ward, before, "while all was well")
    board.socket.close()
    ward.wait_quiet()
    for _ in range(TOGETHER):
        unwell += ward.expect_well("while all is well, in a process without sockets")
    expect_nothing_kept(ward, kept, gone, unwell)
    expect_nothing_held(ward, listened, "while all was well")
    picture.nothing()


@needs("test_health_in_good_times")
def test_health_tells_what_ping_does_not(station: Station, ward: Ward, office: Office, picture: Picture) -> None:
    """While Valkey answers, and no message goes through, /healthz/ says 503, and no announcement is told as made."""
    is_popped = _is_popped(ward)
    with ward.writes_held():
        ward.expect_unwell(ward.ask(), "Valkey answers PING, and holds back all that is written or published")
    ward.expect_asked_anew("once Valkey writes again")
    ward.expect_well("again, once Valkey writes again")
    prefix = ward.environment["INSTANCE_PREFIX"][0]
    # The other layer has channels without its prefix, too: of those, Valkey serves none.
    others = [f"~[^{prefix}]*", f"&[^{prefix}]*"] if is_popped else []
    with ward.restricted("resetkeys", "resetchannels", *others):
        refused = "Valkey answers, and refuses the keys and channels of this INSTANCE_PREFIX"
        ward.expect_unwell(ward.ask(), refused)
        post = send_post(ward.server, station.room("Gleis 7"), station.text("refused"))
        expect_refused(ward.server.run, REFUSES, post.wait_answer(PATIENCE_S), by=ward.server.name)
        if is_popped:  # the other layer rests for a second after each refusal, one after the other
            _expect_all_unwell(ward, refused)
    ward.expect_well("again, once Valkey allows its keys again")
    if is_popped:  # the other layer listens all the time, and is not cut off by such a rule
        with ward.restricted("-bzpopmin", "-bzpopmax", "-zpopmin", "-zpopmax", "-bzmpop"):
            ward.expect_unwell(ward.ask(), "Valkey takes messages, and lets nobody receive one")
        ward.expect_well("again, once Valkey lets messages be received again")
    picture.nothing()
    office.expect_untold(REFUSES)


@needs("test_health_in_good_times")
def test_health_while_valkey_stands_still(station: Station, ward: Ward, picture: Picture) -> None:
    """While Valkey stands still, /healthz/ says 503 before it goes on; then 200 by itself, and messages flow."""
    with ward.frozen():
        post = send_post(ward.server, station.room("Gleis 7"), station.text("to nobody"))
        _expect_all_unwell(ward, "Valkey stands still")
        expect_refused(ward.server.run, STILL, post.wait_answer(0), by=ward.server.name)
    ward.expect_well("again, once Valkey goes on")
    ward.expect_flow("once Valkey goes on")
    picture.nothing()


@needs("test_health_in_good_times")
def test_health_without_valkey(station: Station, ward: Ward, office: Office, picture: Picture) -> None:
    """Without Valkey /healthz/ says 503, and no announcement is told as made; with a new one all is well again."""
    with ward.stopped():
        ward.expect_unwell(ward.ask(), "nobody listens where Valkey was")
        post = send_post(ward.server, station.room("Gleis 7"), station.text("nobody hears this"))
        expect_refused(ward.server.run, GONE, post.wait_answer(PATIENCE_S), by=ward.server.name)
    ward.expect_well("again, once there is a new Valkey")
    ward.expect_flow("once there is a new Valkey")
    picture.nothing()
    office.expect_untold(HELD)
    office.expect_untold(GONE)


def _expect_all_well(ward: Ward) -> int:
    """Ten who ask at once are all told 200; tried again where the machine was too slow for the page's own limit.

    Returns how many were told otherwise before.
    """
    when = f"while all is well and a socket is open, to each of {TOGETHER} who ask at once"
    unwell: list[Answer] = []
    before = 0
    for _ in range(TRIES):
        before += len(unwell)
        unwell = []
        for exchange in [ward.ask() for _ in range(TOGETHER)]:
            if (answer := exchange.wait_answer(PATIENCE_S)) is None:
                ward.fail_as_unwell(None, when, 1)
            elif answer.status != 200:
                unwell.append(answer)
        if not unwell:
            break
    if unwell:
        ward.fail_as_unwell(unwell[0], when, TRIES)
    return before


def _expect_all_unwell(ward: Ward, situation: str) -> None:
    """Ten who ask at once are all told 503, twice, and nothing is left of it."""
    before: dict[str, int] = {}
    for _ in range(2):  # what is left behind the first time may have taken connections that were idle
        before = held(ward)
        for exchange in [ward.ask() for _ in range(TOGETHER)]:
            ward.expect_unwell(exchange, situation)
    expect_nothing_held(ward, before, f"while {situation}")


def _is_popped(ward: Ward) -> bool:
    board = ward.board("hall")
    is_popped = ward.pops()
    board.socket.close()
    ward.wait_quiet()
    return is_popped
