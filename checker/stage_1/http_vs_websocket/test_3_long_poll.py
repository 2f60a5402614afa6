"""Part C, the long poll, on the same three servers: held, woken, missing nothing, ending empty-handed."""

from __future__ import annotations

from collections.abc import Iterator

from checker.harness.http import Exchange
from checker.harness.suite import needs
from checker.stage_1.http_vs_websocket.polls import MANY, expect_defaults, expect_empty_end, expect_nothing_missed
from checker.stage_1.http_vs_websocket.station import Notice, Station

POLLS = 20
SHORT_WAIT_S = 0.2


@needs("test_three_servers_serve_the_site")
def test_a_poll_is_held(stations: Iterator[Station]) -> None:
    """A poll is held until something is notified, and others are served meanwhile."""
    for station in stations:
        before = station.notify("before")
        (poll,) = station.expect_held(before["id"])
        notice = station.notify("tea is ready")
        wanted = f"{poll.path} is answered as soon as notice {notice['id']} is there"
        station.expect_same(station.expect_notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_a_cursor_misses_nothing(stations: Iterator[Station]) -> None:
    """With its cursor a poll misses nothing and gets nothing twice."""
    for station in stations:
        expect_nothing_missed(station)


@needs("test_a_poll_is_held")
def test_a_poll_leaves_out_its_query(stations: Iterator[Station]) -> None:
    """A poll without `after` gets all notices there ever were, and one without `wait` is held."""
    for number, station in enumerate(stations):
        expect_defaults(station, at_least=MANY if number == 0 else 0)


@needs("test_a_poll_is_held")
def test_one_notice_wakes_every_poll(stations: Iterator[Station]) -> None:
    """One notice wakes twenty polls."""
    for station in stations:
        polls = station.expect_held(station.notify("before")["id"], POLLS)
        notice = station.notify("tea for all")
        for number, poll in enumerate(polls, 1):
            wanted = f"all {POLLS} polls are answered with the notice {notice['id']}, number {number} too"
            station.expect_same(station.expect_notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_a_poll_ends_empty_handed(stations: Iterator[Station]) -> None:
    """A poll without news ends with 204, and the next one gets what comes then."""
    empty: list[tuple[Station, Notice, Exchange]] = []
    for station in stations:
        before = station.notify("before")
        expect_empty_end(station, station.poll(before["id"], wait_s=0))
        empty.append((station, before, station.poll(before["id"], wait_s=SHORT_WAIT_S)))
    for station, before, ending in empty:  # whose time has run side by side
        expect_empty_end(station, ending)
        (poll,) = station.expect_held(before["id"])
        notice = station.notify("late tea")
        wanted = "the poll after the empty one is answered with the notice"
        station.expect_same(station.expect_notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_hanging_up_frees_the_waiter(stations: Iterator[Station]) -> None:
    """A poller who hangs up is waited for no longer, and the next notice reaches the others."""
    for station in stations:
        *leaving, stays = station.expect_held(station.notify("before")["id"], POLLS)
        for poll in leaving:
            poll.hang_up()
        left = station.wait_ended_of([poll.id for poll in leaving])
        if left < len(leaving):
            wanted = f"{station.name}: when a poller hangs up, the application's call for it ends"
            saw = f"{len(leaving) - left} of {len(leaving)} calls still wait, and the server rests"
            station.fail("waiter-not-freed", wanted, saw)
        notice = station.notify_past("tea for who stayed", f"{len(leaving)} pollers have hung up")
        wanted = "the poll that stayed is answered with the notice"
        station.expect_same(station.expect_notices(stays, wanted, "poll-not-woken"), [notice], wanted)
