"""Checks of the chat: what one says all hear, once, in one order, and not before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from checker.harness import starters
from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.history import Event
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.milestones.chat_app import places
from checker.milestones.chat_app.chat import EARLY_WITHIN_S, HELD_WITHIN_S, Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.drawing import draw_way
from checker.milestones.chat_app.kinds import Kind
from checker.milestones.chat_app.talker import Said, Talker, shown

# nginx takes the processes in turns, also for what is asked beside.
MOST_SOCKETS = 8
LOOK_EVERY_S = 0.01
LATE_WITHIN_S = 1.0
TEXTS = (
    "<b>{}</b> &amp; \"quoted\" \\ 'single' \\n",
    "  {} between blanks\n\n",
    "{} e\u0301 is not \u00e9 \U0001f98a\u200d\u2028",
)
BLANK = " \n"


def test_a_message_reaches_the_other_process(chat: Chat, crowd: Crowd, picture: Picture, ahead: starters.Ahead) -> None:
    """Through nginx two users talk, each in another process, and every text arrives to the letter."""
    room = crowd.named("lobby")
    with chat.watched(chat.one, chat.two):
        ada = _enter_through_nginx(crowd, "ada", room, lambda _: True)
        bo = _enter_through_nginx(crowd, "bo", room, lambda name: name != _process(chat, ada))
        since = chat.history.now()
        hello = crowd.expect_said(ada, crowd.named("hello"))
        for talker in (bo, ada):
            crowd.expect_heard(talker, [hello])
    draw_way(picture, chat.history, ada, bo, since)
    said = [hello]
    for speaker in (bo, ada):
        for text in TEXTS:
            said.append(crowd.expect_said(speaker, crowd.named(text.format(speaker.user))))
            for talker in (bo, ada):
                talker.wait_heard(said[-1].text, LATE_WITHIN_S)  # order is a matter of a later check
    for speaker in (bo, ada):
        said.append(crowd.expect_said(speaker, BLANK))
        _let_hear((bo, ada), said)
    said.append(crowd.expect_said(ada, crowd.named("last of all")))
    for talker in (bo, ada):
        crowd.expect_heard(talker, said)
    # FLOOD_SECONDS go by beside other checks. Said here, where lanes are drawn, it stands in no picture of messages.
    ahead("burst", "test_who_was_too_fast_speaks_again")


def _let_hear(talkers: Sequence[Talker], said: Sequence[Said]) -> None:
    """Return when they have heard all: order is a matter of a later check."""
    for talker in talkers:
        talker.wait_count(len(said), LATE_WITHIN_S)


@needs("test_a_message_reaches_the_other_process")
def test_an_author_is_who_signed_in(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """A message is from who has signed in, whatever else its frame says."""
    room = crowd.named("office")
    ada, bo = crowd.enter(chat.one, "ada", room), crowd.enter(chat.two, "bo", room)
    claims = dict.fromkeys(("from", "user", "username", "user_name", "name", "author", "sender"), bo.user)
    text = crowd.named("not by bo")
    said = crowd.expect_ack(ada, ada.send(text, **claims), text)
    bo.wait_heard(text)
    if any(each.get("from") == bo.user for each in bo.heard):
        crowd.fail(
            "wrong-author",
            wanted=f"{ada.user} has signed in: what this socket says is from {ada.user}",
            saw=f'its frame had "from": "{bo.user}", too, and {bo.name} heard {shown(bo.heard[-1:])}',
            where=places.author(chat),
        )
    crowd.expect_heard(bo, [said])
    picture.nothing()


@needs("test_a_message_reaches_the_other_process")
def test_nothing_is_told_before_it_is_stored(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """While the store still writes, neither the speaker nor a listener is told."""
    room = crowd.named("archive")
    ada, bo = crowd.enter(chat.one, "ada", room), crowd.enter(chat.two, "bo", room)
    text = crowd.named("for the record")
    with chat.held(chat.one, "write"):
        key = ada.send(text)
        while _wait_stopped(chat, ada, key):
            chat.let_settle()
            _judge_early(crowd, ada, bo, key, text)
            chat.gate.release("write")
    said = crowd.expect_ack(ada, key, text)
    crowd.expect_heard(bo, [said])
    for server in (chat.two, chat.one):
        answer = chat.read_history(server, bo.user, room)
        body = answer.json()
        if not isinstance(body, dict) or body.get("messages") != [said.frame]:
            crowd.fail(
                "history-differs",
                wanted=f"{bo.name} has heard it: `/history/` {chat.place(server)} has {shown([said.frame])}",
                saw=f"status {answer.status}: {answer.text[:120]}",
                where=places.history(chat),
                what="the answer",
            )
    picture.nothing()


def _wait_stopped(chat: Chat, talker: Talker, key: str) -> bool:
    """True as soon as the store has stopped at its next step; False when there is none, and the frame was answered."""
    ends_at = chat.history.now() + HELD_WITHIN_S
    while chat.history.now() < ends_at:
        if chat.gate.wait_held(1, LOOK_EVERY_S):
            return True
        if talker.has_answer(key, LOOK_EVERY_S):
            break
    # Who answers too early stops only then.
    chat.let_settle()
    return chat.gate.wait_held(1, EARLY_WITHIN_S)


def _judge_early(crowd: Crowd, ada: Talker, bo: Talker, key: str, text: str) -> None:
    within_s = EARLY_WITHIN_S * slowness()  # we, too, have to be given the processor to see it
    acked = ada.has_answer(key, within_s)
    is_heard = bo.wait_heard(text, within_s)
    if acked or is_heard:
        who = f"{ada.name} got its acknowledgement" if acked else f"{bo.name} heard it"
        crowd.fail(
            "told-before-stored",
            wanted="while the store has not committed a message, nobody is told of it",
            saw=f"{who} meanwhile",
            where=(places.answering if acked else places.ringing)(crowd.chat),
        )


@needs("test_nothing_is_told_before_it_is_stored")
def test_the_same_message_twice_is_one(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """A message that is sent again, also to both processes at once, is one."""
    room = crowd.named("echo")
    ada, bo = crowd.enter(chat.one, "ada", room), crowd.enter(chat.two, "bo", room)
    tab, beside = crowd.enter(chat.two, "ada", room), crowd.enter(chat.one, "ada", room)
    key = crowd.named("first")
    said = [crowd.expect_said(ada, crowd.named("once"), key)]
    for talker in (ada, tab):
        _expect_same(crowd, talker, key, crowd.named("said again"), said[0].id)
    key, text = crowd.named("second"), crowd.named("at once")
    since = chat.history.now()
    with chat.watched(chat.two), chat.held(chat.one, "write"):
        ada.send(text, key)
        chat.gate.wait_held(1, HELD_WITHIN_S)
        tab.send(text, key)
        # Until the other process has looked whether it has this message.
        chat.history.wait_for(Kind.STEP, _of(chat.two), since=since, deadline_s=HELD_WITHIN_S)
        tab.has_answer(key, EARLY_WITHIN_S)
    acks = [crowd.expect_ack(talker, key, text) for talker in (ada, tab)]
    if acks[0].id != acks[1].id:
        saw = f"process one acknowledged it as {acks[0].id}, process two as {acks[1].id}"
        _fail_as_doubled(crowd, key, saw)
    said.append(acks[0])
    key = crowd.named("first")  # another user's own, and another room's
    said.append(_expect_another(crowd, bo, key, said[0].id, "of another user"))
    for odd in (f"{key} ", key.swapcase()):
        _let_hear((bo, ada, tab, beside), said)
        said.append(_expect_another(crowd, ada, odd, said[0].id, "of the same user"))
    elsewhere = crowd.enter(chat.one, "ada", crowd.named("elsewhere"))
    there = _expect_another(crowd, elsewhere, key, said[0].id, "in another room")
    for talker in (bo, ada, tab, beside, crowd.enter(chat.two, "cy", room)):
        crowd.expect_heard(talker, said)
        _expect_no_answer(crowd, talker)
    crowd.expect_heard(elsewhere, [there])
    picture.nothing()


def _expect_same(crowd: Crowd, talker: Talker, key: str, text: str, number: int) -> None:
    again = crowd.expect_said(talker, text, key)
    if again.id != number:
        _fail_as_doubled(crowd, key, f"{talker.name} sent it again, and it was acknowledged as {again.id}")


def _fail_as_doubled(crowd: Crowd, key: str, saw: str) -> NoReturn:
    wanted = f'all frames of this user in this room with the id "{key}" are one message, with one number'
    crowd.fail("stored-twice", wanted=wanted, saw=saw, where=places.storing(crowd.chat))


def _expect_no_answer(crowd: Crowd, talker: Talker) -> None:
    """Each answer that was for this socket has been taken."""
    if talker.answers:
        wanted = "a frame is answered to the socket that spoke, once, and to no other"
        saw = f"another socket, or the same again, {talker.name}, was sent {shown(talker.answers[:1])}"
        crowd.fail("no-ack", wanted=wanted, saw=saw, where=places.answering(crowd.chat))


def _expect_another(crowd: Crowd, talker: Talker, key: str, taken: int, whose: str) -> Said:
    said = crowd.expect_said(talker, crowd.named(f"{talker.user} says {key!r}"), key)
    if said.id == taken:
        wanted = f'a frame {whose} with the id "{key}" is a message of its own'
        saw = f"{talker.name} got the acknowledgement of message {taken}, which is not its own"
        crowd.fail("id-not-its-own", wanted=wanted, saw=saw, where=places.storing(crowd.chat))
    return said


@needs("test_a_message_reaches_the_other_process")
def test_all_hear_one_order(chat: Chat, crowd: Crowd, picture: Picture) -> None:
    """All hear one order, also when the news of the first message comes last."""
    room = crowd.named("queue")
    ada, bo = crowd.enter(chat.one, "ada", room), crowd.enter(chat.two, "bo", room)
    listeners = [crowd.enter(chat.one, "cy", room), crowd.enter(chat.two, "dot", room)]
    first, second, third = (crowd.named(word) for word in ("first", "second", "third"))
    with chat.held(chat.one, "ring"):
        key = ada.send(first)
        chat.gate.wait_held(1, HELD_WITHIN_S)
        later = crowd.expect_said(bo, second)
        for listener in listeners:
            listener.wait_heard(second, EARLY_WITHIN_S)
    said = [crowd.expect_ack(ada, key, first), later, crowd.expect_said(ada, third)]
    said.sort(key=lambda each: each.id)
    for listener in (*listeners, ada, bo):
        crowd.expect_heard(listener, said)
    picture.nothing()


def _enter_through_nginx(crowd: Crowd, name: str, room: str, is_right: Callable[[str], bool]) -> Talker:
    """A socket that nginx has brought to a process of this name."""
    talker = None
    for _ in range(MOST_SOCKETS):
        talker = crowd.enter(crowd.chat.front, name, room)
        if is_right(_process(crowd.chat, talker)):
            return talker
        talker.socket.close()
    process = _process(crowd.chat, talker) if talker else ""
    crowd.fail("not-delivered", wanted="nginx brings sockets to both processes", saw=f"all {MOST_SOCKETS} to {process}")
    return None


def _process(chat: Chat, talker: Talker) -> str:
    entered = chat.history.wait_for(
        EventKind.APP_ENTERED, lambda e: bool(e["request"] == talker.id), deadline_s=HELD_WITHIN_S
    )
    return str(entered["server"]) if entered else ""


def _of(server: Server) -> Callable[[Event], bool]:
    return lambda event: event["server"] == server.name and event["step"] in ("asks", "writes")
