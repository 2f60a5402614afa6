"""Checks of the chat: what somebody finds who comes, who comes back, and who scrolls up."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.milestones.chat_app import places
from checker.milestones.chat_app.archive import PAGE, Archive
from checker.milestones.chat_app.chat import EARLY_WITHIN_S, HELD_WITHIN_S, Chat
from checker.milestones.chat_app.copies import copied
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import Frame, Said, Talker, shown
from course.model import SourceLine

# What else a process may ask meanwhile: an earlier socket's end.
SPARE_STATEMENTS = 2
MOST_STOPS = 9
MISSED = 520  # more than anybody's round number
LOOK_EVERY_S = 0.01


@needs("test_all_hear_one_order")
def test_who_comes_is_sent_the_last_fifty(chat: Chat, crowd: Crowd, archive: Archive, picture: Picture) -> None:
    """Who comes is sent the last 50 messages, oldest first, by as many statements as for one."""
    room, said, hut = archive.room, archive.said, crowd.named("hut")
    hello = crowd.expect_said(crowd.enter(chat.one, "ada", hut), crowd.named("hello"))
    chat.join(crowd.named("cy"), room)
    chat.join(crowd.named("cy"), hut)
    with chat.watched(chat.one):
        for hut_after, room_after, how in ((None, None, ""), (0, said[-PAGE - 1].id, " with `after`")):
            asked = []
            for title, expected, after in ((hut, [hello], hut_after), (room, said[-PAGE:], room_after)):
                since = chat.history.now()
                cy = crowd.enter(chat.one, "cy", title, after=after)
                _expect_history(crowd, cy, expected, f"who comes{how} into a room of {_count(title, hut, said)}")
                asked.append(chat.asked(chat.one, since))
            _expect_as_few(crowd, asked[0], asked[1], f"a socket that opens{how}", "consumers")
    dot = crowd.enter(chat.two, "dot", room)
    later = crowd.expect_said(dot, crowd.named("and now"))
    said.append(later)
    _expect_history(crowd, dot, said[-PAGE - 1 :], "who comes hears first what was said, then what is said now")
    picture.nothing()


@needs("test_who_comes_is_sent_the_last_fifty")
def test_history_is_read_page_by_page(chat: Chat, crowd: Crowd, archive: Archive, picture: Picture) -> None:
    """`/history/` goes back by 50 messages, by ids and not by clocks."""
    room, said, user = archive.room, archive.said, crowd.named("ada")
    chat.join(user, room)
    asked = []
    pages: list[tuple[int | None, Sequence[Said]]] = [
        (said[1].id, said[:1]),
        (None, said[-PAGE:]),
        (said[-1].id, said[-PAGE - 1 : -1]),
        (said[-PAGE].id, said[:-PAGE]),
        (said[0].id, []),
    ]
    with chat.watched(chat.two):
        for before, expected in pages:
            since = chat.history.now()
            _expect_page(crowd, user, room, before, expected)
            asked.append(chat.asked(chat.two, since))
    _expect_as_few(crowd, asked[0], asked[1], "a page of /history/", "views")
    _expect_as_few(crowd, asked[0], asked[2], "a page of /history/ with `before`", "views")
    said.append(crowd.expect_said(crowd.enter(chat.one, "ada", room), crowd.named("since the last look")))
    _expect_page(crowd, user, room, None, said[-PAGE:])
    picture.nothing()


@needs("test_who_comes_is_sent_the_last_fifty")
def test_who_comes_back_has_lost_nothing(chat: Chat, crowd: Crowd, archive: Archive, picture: Picture) -> None:
    """Who comes back with the last id seen has lost nothing, not one of 500, and hears nothing twice."""
    room, said = archive.room, archive.said
    for server, seen in ((chat.one, 0), (chat.two, len(said) - 1)):
        back = crowd.enter(server, "cy", room, after=said[seen].id)
        later = crowd.expect_said(back, crowd.named(f"back after {seen}"))
        said.append(later)
        _expect_history(crowd, back, said[seen + 1 :], f"who has seen message {said[seen].id} and comes back")
    back = crowd.enter(chat.two, "cy", room, after=0)
    _expect_history(crowd, back, said, "who comes back with `after=0`", places.coming_back(chat))
    _judge_opening(crowd, crowd.named("porch"), comes_back=True)
    _judge_opening(crowd, crowd.named("hall"), comes_back=False)
    _judge_long_absence(crowd)
    picture.nothing()


def _judge_long_absence(crowd: Crowd) -> None:
    """Saying so much takes seconds. Who hears copies of it is right; who does not, is judged by what was said."""
    room, texts = crowd.named("attic"), [crowd.named(f"missed {number}") for number in range(MISSED)]
    ada, key = crowd.enter(crowd.chat.one, "ada", room), crowd.named("key")
    seen = crowd.expect_said(ada, crowd.named("seen"), key)
    ada.socket.close()
    if missed := copied(crowd.chat.store, seen, key, texts):
        missed += crowd.expect_all_said(("ada", "bo"), room, [crowd.named("missed at last")], after=missed)
        back = crowd.enter(crowd.chat.two, "cy", room, after=seen.id)
        back.wait_count(len(missed))
        if _plain(back.heard) == [each.frame for each in missed]:
            return
    room, missed, count = crowd.named("cellar"), [], 2 * crowd.chat.flood_frames
    (seen,) = crowd.expect_all_said(("ada", "bo"), room, [crowd.named("seen below")])
    for at in range(0, MISSED, count):
        missed += crowd.expect_all_said((f"ada{at}", f"bo{at}"), room, texts[at : at + count], after=missed)
    back = crowd.enter(crowd.chat.two, "cy", room, after=seen.id)
    what = f"who has seen message {seen.id} and comes back {MISSED} messages later"
    _expect_history(crowd, back, missed, what, places.catching_up(crowd.chat))


def _judge_opening(crowd: Crowd, room: str, *, comes_back: bool) -> None:
    """All that process two does while a socket opens is stopped before it begins, and each time something is said.

    Nobody else of this room is there: a stop, and what is said then, would bring what was lost.
    """
    chat = crowd.chat
    ada = crowd.enter(chat.one, "ada", room)
    before = crowd.expect_said(ada, crowd.named("before the door"))
    said: list[Said] = [] if comes_back else [before]
    seen = f"who has seen message {before.id}" if comes_back else "who comes"
    with chat.held(chat.two, "read", "enter"):
        entering = crowd.open_later(chat.two, "eve", room, after=before.id if comes_back else None)
        for _ in range(MOST_STOPS):
            if not _wait_stopped(chat, entering, len(said)):
                break
            said.append(crowd.expect_said(ada, crowd.named(f"at the door {len(said)}")))
            ada.wait_heard(said[-1].text)  # who has not joined by now has not heard it either
            chat.gate.release()
    eve = crowd.expect_let_in(entering.result())
    eve.wait_count(len(said))
    _judge_door(crowd, eve, said, seen)
    said.append(crowd.expect_said(ada, crowd.named("door closed")))
    eve.wait_heard(said[-1].text)
    _judge_door(crowd, eve, said, seen)
    crowd.expect_heard(eve, said)


def _judge_door(crowd: Crowd, eve: Talker, expected: Sequence[Said], seen: str) -> None:
    """Each was heard, and once; without waiting for a later message, which may bring what was lost."""
    wanted = f"{eve.name}, {seen}, is sent each later one once"
    ids = [frame.get("id") for frame in eve.heard]
    where = places.entering(crowd.chat)
    if missing := [each for each in expected if each.id not in ids]:
        saw = f"{len(missing)} did not come, of those that were said while its socket opened"
        crowd.fail("lost-at-the-door", wanted=wanted, saw=saw, where=where)
    if doubled := [number for number in ids if ids.count(number) > 1]:
        saw = f"message {doubled[0]} came {ids.count(doubled[0])} times; it was said while its socket opened"
        crowd.fail("lost-at-the-door", wanted=wanted, saw=saw, where=where)


def _wait_stopped(chat: Chat, entering: Future[Talker], count: int) -> bool:
    """True as soon as the opening has stopped at its next step; False when it has come to its end without one."""
    ends_at = chat.history.now() + HELD_WITHIN_S
    while chat.history.now() < ends_at:
        if chat.gate.wait_held(1, LOOK_EVERY_S):
            return True
        if entering.done() and _is_served(entering.result(), count):
            break
    # Nothing is left to send; it may still have to join.
    chat.let_settle()
    return chat.gate.wait_held(1, EARLY_WITHIN_S)


def _is_served(talker: Talker, count: int) -> bool:
    return talker.socket.refused is not None or talker.wait_count(count, LOOK_EVERY_S)


def _count(title: str, hut: str, said: Sequence[Said]) -> str:
    return "one message" if title == hut else f"{len(said)} messages"


def _expect_history(
    crowd: Crowd, talker: Talker, expected: Sequence[Said], what: str, where: SourceLine | None = None
) -> None:
    talker.wait_count(len(expected))
    talker.take_in()
    where = where or places.reading(crowd.chat)
    _judge(crowd, [dict(frame) for frame in talker.heard], expected, f"{talker.name}: {what}", where)


def _expect_page(crowd: Crowd, user: str, room: str, before: int | None, expected: Sequence[Said]) -> None:
    answer = crowd.chat.read_history(crowd.chat.two, user, room, before)
    what = "/history/ without `before`" if before is None else f"/history/ with before={before}"
    body = answer.json()
    messages = body.get("messages") if isinstance(body, dict) else None
    if answer.status != 200 or not isinstance(messages, list):
        wanted = f'{what} answers {{"messages": [...]}}'
        saw = f"status {answer.status}: {answer.text[:120]}"
        crowd.fail("history-differs", wanted=wanted, saw=saw, where=places.history(crowd.chat), what="the answer")
    _judge(crowd, messages, expected, what, places.reading(crowd.chat))


def _judge(crowd: Crowd, frames: list[Any], expected: Sequence[Said], what: str, where: SourceLine | None) -> None:
    got = _plain(frames)
    wanted_frames = [each.frame for each in expected]
    if got == wanted_frames:
        return
    saw, fault = _difference(got, wanted_frames)
    wanted = f"{what} is sent {_ids([each.id for each in expected])}, oldest first"
    crowd.fail("history-differs", wanted=wanted, saw=saw, where=where, what=fault)


def _plain(frames: Sequence[Any]) -> list[Frame]:
    return [{key: each.get(key) for key in ("id", "from", "text")} for each in frames if isinstance(each, dict)]


def _difference(got: list[Frame], wanted: list[Frame]) -> tuple[str, str]:
    """What is wrong, for the finding and for its hints."""
    ids = [frame["id"] for frame in got]
    right = [frame["id"] for frame in wanted]
    if sorted(map(str, ids)) == sorted(map(str, right)):
        if ids == right:
            odd = next(frame for frame, other in zip(got, wanted, strict=True) if frame != other)
            return f"{shown([odd])}", "a message"
        return f"the right ones in another order: {_ids(ids)}", "the order"
    return _ids(ids), "the choice"


def _ids(ids: Sequence[object]) -> str:
    if len(ids) > 6:
        return f"{len(ids)} messages, ids {', '.join(map(str, ids[:3]))} ... {ids[-2]}, {ids[-1]}"
    return f"{len(ids)} messages, ids {', '.join(map(str, ids))}" if ids else "none"


def _expect_as_few(crowd: Crowd, for_one: int, for_many: int, what: str, module: str) -> None:
    if for_many > for_one + SPARE_STATEMENTS:
        crowd.fail(
            "many-statements",
            wanted=f"{what} takes the store as many statements for 50 messages as for one: {for_one}",
            saw=f"for 50 messages there were {for_many}",
            where=places.each(crowd.chat, module),
            count=for_many,
        )
