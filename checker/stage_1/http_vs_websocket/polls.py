"""What a poll's cursor promises: everything above it, once and in order, and nothing before there is something."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.http import Exchange
from checker.stage_1.http_vs_websocket.station import PROMPT_S, Notice, Station

AT_ONCE = 30
MANY = 128
SHOWN_IDS = 3


def expect_nothing_missed(station: Station) -> None:
    """Polls with cursors behind, in between, at the end of and ahead of what has been notified."""
    start = station.notify("start")
    one, two = station.notify("one"), station.notify("two")
    for after, notices in ((start, [one, two]), (one, [two])):
        wanted = f"the poll after {after['id']} is answered at once with what was notified since"
        station.expect_same(station.expect_notices(station.poll(after["id"]), wanted, "notice-lost"), notices, wanted)
    cursor, got = two, list[Notice]()
    posts = [(f"notice {number}", station.post(f"notice {number}")) for number in range(AT_ONCE)]
    while len(got) < AT_ONCE:
        wanted = f"polls after the last id they got are answered with all of {AT_ONCE} notices"
        got += station.expect_notices(station.poll(cursor["id"], wait_s=PROMPT_S), wanted, "notice-lost")
        cursor = got[-1]
    expected = sorted((station.expect_posted(post, text) for text, post in posts), key=lambda notice: int(notice["id"]))
    station.expect_same(got, expected, f"{AT_ONCE} notices, posted while one client polls, each once and in order")
    _expect_ahead_held(station, cursor)


def _expect_ahead_held(station: Station, newest: Notice) -> None:
    """A poll whose cursor the next notice only reaches waits on for the one after it."""
    ahead = newest["id"] + 1
    (poll,) = station.expect_held(ahead)
    station.notify("not yet")
    # A waiter that was woken has looked around by the time that others are served.
    station.expect_others_served("while a poll with a cursor ahead is held")
    notice = station.notify("now")
    wanted = f"{poll.path} is held when notice {ahead} comes, and answered with notice {notice['id']}"
    station.expect_same(station.expect_notices(poll, wanted, "poll-not-held"), [notice], wanted)


def expect_empty_end(station: Station, poll: Exchange) -> None:
    """Its time is over: 204, and not a byte after the head."""
    wanted = f"{station.name}: {poll.path} is answered 204, without a body, when its time is over"
    answer = station.wait_answer(poll)
    if answer is None and "wait=0" in poll.path.split("&"):
        station.fail("zero-wait-held", f"{wanted}: at once", "it is held, as if `wait` had been left out")
    if answer is None or answer.status != 204:
        station.fail("wrong-timeout-answer", wanted, station.told_by(poll))
    # No server lets the body of a 204 through, so nobody sees it on the wire: uvicorn raises at it.
    station.wait_ended(poll.id)
    for error in station.server.seen(EventKind.APP_RAISED, since=station.since):
        if error["request"] == poll.id and "Content-Length" in str(error["message"]):
            saw = f"status 204 with a body, which {station.name} refuses: {error['type']}: {error['message']}"
            fail("wrong-timeout-answer", wanted=wanted, saw=saw)


def expect_defaults(station: Station, at_least: int = 0) -> None:
    """A poll without `after` gets everything there ever was, one without `wait` is held."""
    last = station.notify("last")
    while last["id"] < at_least:
        posts = [station.post("one more") for _ in range(min(AT_ONCE, at_least - last["id"]))]
        last = max((station.expect_posted(post, "one more") for post in posts), key=lambda notice: int(notice["id"]))
    wanted = f"a poll without after is answered with all notices from 1 to {last['id']}"
    found = station.expect_notices(station.poll(None, wait_s=0), wanted, "notice-lost")
    ids = [notice.get("id") for notice in found]
    missing = [number for number in range(1, last["id"] + 1) if number not in ids]
    if missing:
        more = f" and {len(missing) - SHOWN_IDS} more" if len(missing) > SHOWN_IDS else ""
        shown = ", ".join(map(str, missing[:SHOWN_IDS]))
        station.fail("notice-lost", f"{station.name}: {wanted}", f"missing: {shown}{more}")
    if ids != list(range(1, last["id"] + 1)):
        station.fail("notice-doubled", f"{station.name}: {wanted}", f"the ids were {ids[:8]}...")
    (poll,) = station.expect_held(last["id"], wait_s=None)
    notice = station.notify("tea is ready")
    wanted = f"{poll.path}, which was held, is answered as soon as notice {notice['id']} is there"
    station.expect_same(station.expect_notices(poll, wanted, "poll-not-woken"), [notice], wanted)
