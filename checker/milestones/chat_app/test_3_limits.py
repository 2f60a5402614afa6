"""Checks of the chat: who is let in where, what a frame may be, and what one client cannot do to the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.milestones.chat_app import places
from checker.milestones.chat_app.burst import Burst
from checker.milestones.chat_app.chat import Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import AT_ONCE_S, Said, Talker, shown

MOST_BYTES = 4096
SLOW_TEXT_BYTES = 4000
SLOW_MESSAGES = 200
ALLOWED, REFUSED = 200, 403
LONG_FRAME = 70_000
DEEP = 20_000
SHOWN_FRAME = 60


@needs("test_all_hear_one_order")
def test_who_speaks_too_fast_is_refused(burst: Burst, picture: Picture) -> None:
    """What a socket says too fast is refused, while another socket speaks."""
    burst.judge()
    picture.nothing()


@needs("test_all_hear_one_order")
def test_each_title_is_a_room_of_its_own(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """Any title is a room, and nearly the same title is another one."""
    tag = crowd.named("")
    pairs = [
        (f"Tea & Cake{tag}", f"Tea & cake{tag}"),
        (f"caf\u00e9{tag}", f"cafe\u0301{tag}"),
        (f"a/b?c#d{tag}", f"a b?c#d{tag}"),
        (f" {tag}", f"{tag}"),
        (f"{tag}{'x' * 99}"[:99] + "a", f"{tag}{'x' * 99}"[:99] + "b"),
        (f"\U0001f98a{tag}", f"%F0%9F%A6%8A{tag}"),
    ]
    for pair in pairs:
        talkers = [crowd.enter(server, "ada", title) for server, title in zip((chat.one, chat.two), pair, strict=True)]
        said = [[crowd.expect_said(talker, f"in {title!r}")] for talker, title in zip(talkers, pair, strict=True)]
        for talker, heard in zip(talkers, said, strict=True):
            heard.append(crowd.expect_said(talker, f"still in {talker.room!r}"))
        for talker, heard in zip(talkers, said, strict=True):
            crowd.expect_heard(talker, heard)
    picture.nothing()


@needs("test_all_hear_one_order")
def test_only_members_are_let_in(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """Who is no member is refused, by the socket and by `/history/`, until they join."""
    room, other = crowd.named("club"), crowd.named("street")
    said = crowd.expect_said(crowd.enter(chat.one, "ada", room), crowd.named("secret"))
    stranger = crowd.named("eve")
    chat.join(stranger, other)
    for title in (room, crowd.named("nowhere")):
        where = "of another room" if title == room else "of a room that nobody has joined"
        talker = crowd.try_door(chat.two, stranger, title)
        if talker.socket.refused != REFUSED:
            status = "101: its socket is open" if talker.socket.refused is None else str(talker.socket.refused)
            how = f"the handshake {where} got status {status}"
            wanted = f"the handshake of {stranger}, who is no member {where}, is refused with 403"
            door = places.members(chat, "consumers")
            crowd.fail("stranger-let-in", wanted=wanted, saw=how, where=door, of=talker, door="the socket")
        answer = chat.read_history(chat.two, stranger, title)
        if answer.status != REFUSED:
            wanted = f"/history/ {where} is refused with 403 to {stranger}, who is no member"
            saw = f"status {answer.status}: {answer.text[:100]}"
            door = places.members(chat, "views")
            crowd.fail("stranger-let-in", wanted=wanted, saw=saw, where=door, of=talker, door="/history/")
    _expect_let_in_now(crowd, room, said)
    picture.nothing()


def _expect_let_in_now(crowd: Crowd, room: str, said: Said) -> None:
    """Who was refused has joined since."""
    chat, user = crowd.chat, crowd.named("eve")
    chat.join(user, room)
    talker = crowd.try_door(chat.two, user, room)
    if talker.socket.refused is not None:
        wanted = f"{user}, who was refused before, has joined by now: the handshake is accepted"
        saw, where = f"status {talker.socket.refused}", places.members(chat, "consumers")
        crowd.fail("handshake-refused", wanted=wanted, saw=saw, where=where, of=talker)
    crowd.expect_heard(talker, [said])
    answer = chat.read_history(chat.two, user, room)
    if answer.status != ALLOWED:
        wanted = f"{user}, who was refused before, has joined by now: /history/ answers"
        saw, where = f"status {answer.status}: {answer.text[:100]}", places.members(chat, "views")
        crowd.fail("history-differs", wanted=wanted, saw=saw, where=where, what="the answer")


@needs("test_all_hear_one_order")
def test_a_text_has_a_limit_in_bytes(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """A text may have 4,096 bytes, whatever its characters, and not one more."""
    room = crowd.named("letters")
    ada = crowd.enter(chat.one, "ada", room)
    said: list[Said] = []
    for name, character in (("ASCII", "a"), ("quotes", '"'), ("umlauts", "\u00fc"), ("foxes", "\U0001f98a")):
        size = len(character.encode())
        whole = character * (MOST_BYTES // size)
        told = f"{len(whole)} {name}, {MOST_BYTES:,} bytes"
        answer = _answer(ada, whole)
        if "ack" not in answer:
            wanted, saw = f"a text of {told}, is a message", shown([answer]) if answer else ada.silence
            crowd.fail("limit-differs", wanted=wanted, saw=saw, where=places.limit(chat))
        said.append(Said(answer["id"], ada.user, whole))
        _expect_too_long(crowd, ada, whole + "x", f"{told} and one more,")
    _expect_too_long(crowd, ada, "x" * LONG_FRAME, f"{LONG_FRAME:,} bytes")
    crowd.expect_heard(ada, said)
    picture.nothing()


def _expect_too_long(crowd: Crowd, talker: Talker, text: str, told: str) -> None:
    key = talker.send(text)
    answer = talker.wait_answer(key) or talker.wait_any_answer(AT_ONCE_S) or {}
    if not isinstance(answer.get("error"), str) or answer.get("for") != key:
        wanted = f'a text of {told} is answered {{"error": TEXT, "for": "{key}"}}'
        saw = shown([answer]) if answer else f"no answer; {talker.silence}"
        crowd.fail("limit-differs", wanted=wanted, saw=saw, where=places.limit(crowd.chat))


@needs("test_all_hear_one_order")
def test_a_bad_frame_is_answered(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """Each bad frame is answered, and the socket lives."""
    room = crowd.named("noise")
    ada, bo = crowd.enter(chat.one, "ada", room), crowd.enter(chat.two, "bo", room)
    text = crowd.named("bad")
    good = {"id": "k", "text": text}
    frames: list[Any] = [
        "hello",
        "",
        '{"id": "k", "text": ',
        [good],
        '"text"',
        "null",
        "17",
        {"text": text},
        {"id": "k"},
        {**good, "id": 17},
        {**good, "id": ""},
        {**good, "id": "k" * 65},
        {**good, "id": ["k"]},
        {**good, "text": None},
        {**good, "text": 17},
        {**good, "text": ""},
        {**good, "text": [text]},
        '{"id": "k", "text": "half a fox \\ud83e"}',
        '{"id": "half a fox \\ud83e", "text": "hello"}',
        '{"id": ' + "1" * 5000 + ', "text": "a number of 5,000 digits"}',
        "[" * DEEP,
        json.dumps(good).encode(),
    ]
    for frame in frames:
        ada.socket.send(frame)
        answer = ada.wait_any_answer()
        if answer is None or not isinstance(answer.get("error"), str):
            kind = "binary frame" if isinstance(frame, bytes) else "frame"
            sent = frame if isinstance(frame, (str, bytes)) else json.dumps(frame)
            told = str(sent) if len(sent) <= SHOWN_FRAME else f"{sent[:SHOWN_FRAME]!s} ..."
            wanted = f'the {kind} {told} is answered {{"error": TEXT}}'
            saw = f"this {kind} got {shown([answer])}" if answer else f"no answer to this {kind}; {ada.silence}"
            crowd.fail("bad-frame", wanted=wanted, saw=saw, where=places.taking(chat))
    longest = crowd.named("k" * 60)[:64]
    said = [crowd.expect_said(ada, crowd.named(f"good {key[0]}"), key) for key in (longest, "\u20ac" * 64)]
    for talker in (ada, bo):
        crowd.expect_heard(talker, said)
    picture.nothing()


@needs("test_who_comes_back_has_lost_nothing")
def test_a_slow_reader_delays_nobody(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """While one client reads nothing, the others hear 200 long messages in order."""
    room = crowd.named("flood")
    cy, dot = crowd.enter(chat.one, "cy", room), crowd.enter(chat.two, "dot", room)
    first = crowd.expect_said(cy, crowd.named("before"))
    chat.join(crowd.named("slow"), room)
    slow = crowd.enter_deaf(chat.one, "slow", f"/ws/?{urlencode({'room': room})}")
    if not slow.ask({"id": "here", "text": crowd.named("here")}, "ack"):
        crowd.fail("no-ack", wanted=f"{slow.label} is let in and acknowledged", saw="neither came")
    texts = [f"{number} {crowd.named('x')} ".ljust(SLOW_TEXT_BYTES, "x") for number in range(SLOW_MESSAGES)]
    said: list[Said] = []
    for begin in range(0, SLOW_MESSAGES, 2 * chat.flood_frames):
        some = texts[begin : begin + 2 * chat.flood_frames]
        wait = partial(_expect_all_heard, crowd, (cy, dot), begin + len(some) + 2, slow.label)
        said += crowd.expect_all_said((f"ada{begin}", f"bo{begin}"), room, some, after=said, meanwhile=wait)
    here = next(frame for frame in cy.heard if frame["from"] == slow.label)
    said.insert(0, Said(here["id"], slow.label, here["text"]))
    for listener in (cy, dot):
        crowd.expect_heard(listener, [first, *said])
        listener.socket.close()
    slow.cut()
    back = crowd.enter(chat.two, "slow", room, after=here["id"])
    back.wait_count(SLOW_MESSAGES)
    crowd.expect_heard(back, said[1:])
    picture.nothing()


@needs("test_who_speaks_too_fast_is_refused")
def test_no_span_has_more_than_its_share(burst: Burst, picture: Picture) -> None:
    """Wherever FLOOD_SECONDS begin, no more than FLOOD_FRAMES are taken in them."""
    burst.judge_span()
    picture.nothing()


@needs("test_who_speaks_too_fast_is_refused")
def test_who_was_too_fast_speaks_again(burst: Burst, picture: Picture) -> None:
    """FLOOD_SECONDS later the socket that was too fast speaks again, and has its limit again."""
    burst.judge_afterwards()
    picture.nothing()


def _answer(talker: Talker, text: str) -> dict[str, Any]:
    key = talker.send(text)
    return talker.wait_answer(key) or talker.wait_any_answer(AT_ONCE_S) or {}


def _expect_all_heard(crowd: Crowd, listeners: Sequence[Talker], count: int, slow: str) -> None:
    for listener in listeners:
        if not listener.wait_count(count):
            wanted = f"{listener.name} hears all {SLOW_MESSAGES}, though {slow} in process one reads nothing"
            saw = f"it heard {max(len(listener.heard) - 2, 0)}; {listener.silence}"
            crowd.fail("slow-delays", wanted=wanted, saw=saw, where=places.fan_out(crowd.chat))
