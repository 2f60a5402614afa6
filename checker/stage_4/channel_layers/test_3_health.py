"""Channel layers: /healthz/ in good times, while Valkey refuses, while it stands still, and without it."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.http import Answer
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places
from checker.stage_4.channel_layers.station import Station, send_post
from checker.stage_4.channel_layers.ward import PATIENCE_S, SETTLED_WITHIN_S, Ward

TOGETHER = 10
TRIES = 3
COMMAND_WITHIN_S = 20.0


@needs("test_nobody_is_told_too_early")
def test_health_in_good_times(station: Station, ward: Ward, picture: Picture) -> None:
    """/healthz/ says 200 with and without sockets, however often it is asked, and leaves nothing behind."""
    ward.expect_well("while all is well")
    board = ward.board(station.room("Gleis 6"))
    before: dict[str, int] = {}
    for _ in range(2):  # the first time connections are made, which the second may use
        before = {**ward.kept(), **ward.held()}
        _expect_all_well(ward)
    _expect_nothing_left(ward, before, "while all was well")
    board.socket.close()
    ward.wait_quiet()
    for _ in range(TOGETHER):
        ward.expect_well("while all is well, in a process without sockets")
    picture.nothing()


@needs("test_health_in_good_times")
def test_health_tells_what_ping_does_not(ward: Ward, picture: Picture) -> None:
    """While Valkey answers, and no message goes through this deployment's layer, /healthz/ says 503."""
    is_popped = _is_popped(ward)
    with ward.writes_held():
        ward.expect_unwell(ward.ask(), "Valkey answers PING, and holds back all that is written or published")
    ward.expect_well("again, once Valkey writes again")
    prefix = ward.environment["INSTANCE_PREFIX"][0]
    # The other layer has channels without its prefix, too: of those, Valkey serves none.
    others = [f"~[^{prefix}]*", f"&[^{prefix}]*"] if is_popped else []
    with ward.restricted("resetkeys", "resetchannels", *others):
        ward.expect_unwell(ward.ask(), "Valkey answers, and refuses the keys and channels of this INSTANCE_PREFIX")
    ward.expect_well("again, once Valkey allows its keys again")
    if is_popped:  # the other layer listens all the time, and is not cut off by such a rule
        with ward.restricted("-bzpopmin", "-bzpopmax", "-zpopmin", "-zpopmax", "-bzmpop"):
            ward.expect_unwell(ward.ask(), "Valkey takes messages, and lets nobody receive one")
        ward.expect_well("again, once Valkey lets messages be received again")
    picture.nothing()


@needs("test_health_in_good_times")
def test_health_while_valkey_stands_still(ward: Ward, picture: Picture) -> None:
    """While Valkey stands still, /healthz/ says 503 before it goes on; then 200 by itself, and messages flow."""
    with ward.frozen():
        before: dict[str, int] = {}
        for _ in range(2):  # what is left behind the first time may have taken connections that were idle
            before = ward.held()
            for exchange in [ward.ask() for _ in range(TOGETHER)]:
                ward.expect_unwell(exchange, "Valkey stands still")
        _expect_nothing_left(ward, before, "while Valkey stood still")
    ward.expect_well("again, once Valkey goes on")
    ward.expect_flow("once Valkey goes on")
    picture.nothing()


@needs("test_health_in_good_times")
def test_health_without_valkey(station: Station, ward: Ward, picture: Picture) -> None:
    """Without Valkey /healthz/ says 503, and no announcement is told as made; with a new one all is well again."""
    room, text = station.room("Gleis 7"), station.text("nobody hears this")
    with ward.stopped():
        command = ward.command(room, text)
        ward.expect_unwell(ward.ask(), "nobody listens where Valkey was")
        answer = send_post(ward.server, room, text).wait_answer(PATIENCE_S)
        if answer is not None and answer.status < 500:
            saw = f"POST /api/announce/ was answered with {answer.status}: {answer.text[:120]}"
            _fail_as_hidden(ward, saw, "views.py")
        if command.wait(COMMAND_WITHIN_S) == 0:
            _fail_as_hidden(ward, "`manage.py announce` ended with 0", "announce.py")
    ward.expect_well("again, once there is a new Valkey")
    ward.expect_flow("once there is a new Valkey")
    picture.nothing()


def _expect_all_well(ward: Ward) -> None:
    """Ten who ask at once are all told 200; tried again where the machine was too slow for the page's own limit."""
    unwell: list[Answer | None] = []
    for _ in range(TRIES):
        answers = [exchange.wait_answer(PATIENCE_S) for exchange in [ward.ask() for _ in range(TOGETHER)]]
        unwell = [answer for answer in answers if answer is None or answer.status != 200]
        if not unwell:
            return
    ward.fail_as_unwell(unwell[0], f"while all is well, to each of {TOGETHER} who ask at once", TRIES)


def _is_popped(ward: Ward) -> bool:
    board = ward.board("hall")
    is_popped = ward.pops()
    board.socket.close()
    ward.wait_quiet()
    return is_popped


def _expect_nothing_left(ward: Ward, before: dict[str, int], when: str) -> None:
    """What has grown by more than half of the asks goes on growing."""

    def grown() -> dict[str, int]:
        counts = {**ward.held(), **(ward.kept() if "keys" in before else {})}
        return {name: n - before[name] for name, n in counts.items() if n - before[name] > TOGETHER // 2}

    wait_until(lambda: not grown(), SETTLED_WITHIN_S)
    if left := grown():
        told = ", ".join(f"{count} {name} more" for name, count in left.items())
        wanted = f"asked {TOGETHER} times {when}, /healthz/ leaves nothing behind"
        where = places.line(ward.server.run, *places.LEAKS)
        fail("health-leaks", wanted=wanted, saw=f"{told} than before", where=where, facts={"what": next(iter(left))})


def _fail_as_hidden(ward: Ward, saw: str, file: str) -> None:
    run = ward.server.run
    fail(
        "failure-hidden",
        wanted="what no layer takes is answered with 5xx, and ends the command with another exit code than 0",
        saw=f"there is no Valkey; {saw}",
        where=places.line(run, *places.HIDES, files=file) or places.line(run, *places.HIDES),
    )
