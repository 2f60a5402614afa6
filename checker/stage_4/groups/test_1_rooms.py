"""Groups: rooms over two uvicorn processes and one Valkey. Who hears what, and who may speak."""

from __future__ import annotations

from checker.harness.suite import needs
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.expectations import bare_until, did_not_cross, expect_heard, expect_refused
from checker.stage_4.groups.frames import BELL, message, never_heard, shown


def test_a_socket_joins_in_either_process(chat: Chat, crowd: Crowd) -> None:
    """A socket opens and joins a room, in either process."""
    for server in (chat.one, chat.two):
        crowd.enter(server, "ada", crowd.room("lobby"))


@needs("test_a_socket_joins_in_either_process")
def test_a_message_reaches_the_other_process(chat: Chat, crowd: Crowd) -> None:
    """A message reaches the room's sockets in the other process."""
    lobby = crowd.room("lobby")
    ada = crowd.enter(chat.one, "ada", lobby)
    bo = crowd.enter(chat.two, "bo", lobby)
    cy = crowd.enter(chat.two, "cy", lobby)
    dot = crowd.enter(chat.one, "dot", lobby)
    for speaker, barrier, listener in ((ada, bo, cy), (bo, ada, dot)):
        hello, later = crowd.odd_text(f"hello from {speaker.user}"), f"later than {speaker.user} (the check's marker)"
        speaker.say(lobby, hello)
        # Were the first message on its way, it would arrive before this one.
        barrier.say(lobby, later)
        heard = bare_until(listener, later)
        expected = [message(lobby, speaker.user, hello), message(lobby, barrier.user, later)]
        if heard[-2:] != expected:
            missing = [frame for frame in expected if frame not in heard] or expected
            did_not_cross(crowd, speaker, listener, missing, heard)


@needs("test_a_message_reaches_the_other_process")
def test_the_sender_gets_an_acknowledgement_only(chat: Chat, crowd: Crowd) -> None:
    """The sender gets an acknowledgement, not its own message; its other tabs get the message."""
    hall, mine = crowd.room("hall"), crowd.text("mine")
    ada = crowd.enter(chat.one, "ada", hall)
    tabs = [crowd.enter(server, "ada", hall) for server in (chat.one, chat.two)]
    bo = crowd.enter(chat.two, "bo", hall)
    ada.say(hall, mine)
    bo.say(hall, BELL)
    heard = bare_until(ada, BELL)
    if message(hall, ada.user, mine) in heard:
        crowd.fail(
            "echoed",
            wanted='the socket that says something gets {"said": ...} and no copy of its own message',
            saw=f"{ada.name} heard {shown(heard)}",
        )
    expect_heard(crowd, ada, heard, [message(hall, bo.user, BELL)])
    for tab in tabs:
        heard = bare_until(tab, BELL)
        if message(hall, ada.user, mine) not in heard:
            crowd.fail(
                "tab-left-out",
                wanted="every socket in the room but the sending one hears it, the user's other tabs too",
                saw=f"another tab, {tab.name}, {never_heard([message(hall, ada.user, mine)], heard)}",
            )


@needs("test_the_sender_gets_an_acknowledgement_only")
def test_exactly_the_room_hears(chat: Chat, crowd: Crowd) -> None:
    """Six sockets of three users in two rooms hear exactly what is theirs, each message once."""
    red, blue, tower = crowd.room("red"), crowd.room("blue"), crowd.room("tower")
    rooms_of = {
        crowd.enter(chat.one, "ada", red): [red],
        crowd.enter(chat.two, "ada", red, blue): [red, blue],
        crowd.enter(chat.one, "bo", blue): [blue],
        crowd.enter(chat.two, "bo", red): [red],
        crowd.enter(chat.one, "cy", red, blue): [red, blue],
        crowd.enter(chat.two, "cy"): [],
    }
    lines = [
        (speaker, message(room, speaker.user, crowd.text(f"line {number} of {speaker.name}")))
        for number, (speaker, rooms) in enumerate(rooms_of.items())
        for room in rooms
    ]
    for chatter in rooms_of:
        chatter.join(tower)  # the bell's room, where nobody speaks
    bell = crowd.enter(chat.one, "dot", tower)
    for speaker, line in lines:
        speaker.say(line["room"], line["text"])
    bell.say(tower, BELL)
    for listener, rooms in rooms_of.items():
        expected = [line for speaker, line in lines if speaker is not listener and line["room"] in rooms]
        expect_heard(crowd, listener, bare_until(listener, BELL), [*expected, message(tower, bell.user, BELL)])


@needs("test_a_message_reaches_the_other_process")
def test_joining_twice_is_joining_once(chat: Chat, crowd: Crowd) -> None:
    """A socket that has joined a room twice hears each message once, and leaves it with one leave."""
    attic, stairs, once = crowd.room("attic"), crowd.room("stairs"), crowd.text("once")
    ada = crowd.enter(chat.one, "ada", attic, stairs)
    bo = crowd.enter(chat.two, "bo", attic, attic, stairs)
    cy = crowd.enter(chat.two, "cy", attic)
    ada.say(attic, once)
    ada.say(attic, BELL)
    expect_heard(crowd, bo, bare_until(bo, BELL), [message(attic, ada.user, once), message(attic, ada.user, BELL)])
    bare_until(cy, BELL)
    bo.leave(attic)
    later, end = crowd.text("bo has left"), crowd.text("the end")
    ada.say(attic, later)
    ada.say(stairs, end)
    heard = bare_until(bo, end)
    if message(attic, ada.user, later) in heard:
        crowd.fail(
            "heard-after-leaving",
            wanted=f"{bo.name} has joined twice and left once: it hears nothing of the room",
            saw=f"{bo.name} heard {shown(heard)}",
        )
    bare_until(cy, later)
    expect_refused(crowd, bo, "has joined twice and left once", attic, (ada, cy))
    bo.leave(attic)  # once more does no harm
    bo.join(attic)


@needs("test_a_message_reaches_the_other_process")
def test_a_socket_that_left_hears_no_more(chat: Chat, crowd: Crowd) -> None:
    """A socket that has left a room hears no more of it, until it joins again."""
    cellar, stairs = crowd.room("cellar"), crowd.room("stairs")
    left, back = crowd.text("bo has left"), crowd.text("bo is back")
    ada = crowd.enter(chat.one, "ada", cellar, stairs)
    bo = crowd.enter(chat.two, "bo", cellar, stairs)
    cy = crowd.enter(chat.two, "cy", cellar)
    bo.leave(cellar)
    ada.say(cellar, left)
    ada.say(stairs, BELL)
    heard = bare_until(bo, BELL)
    if message(cellar, ada.user, left) in heard:
        crowd.fail(
            "heard-after-leaving",
            wanted=f"{bo.name} has left the room {cellar!r} and hears nothing of it",
            saw=f"{bo.name} heard {shown(heard)}",
        )
    expect_heard(crowd, bo, heard, [message(stairs, ada.user, BELL)])
    expect_heard(crowd, cy, bare_until(cy, left), [message(cellar, ada.user, left)])
    bo.join(cellar)
    ada.say(cellar, back)
    expect_heard(crowd, bo, bare_until(bo, back), [message(cellar, ada.user, back)])


@needs("test_a_message_reaches_the_other_process")
def test_only_members_speak(chat: Chat, crowd: Crowd) -> None:
    """A socket speaks only in rooms that it has joined itself, and not left."""
    vault, other = crowd.room("vault"), crowd.room("other")
    ada = crowd.enter(chat.one, "ada", vault)
    cy = crowd.enter(chat.two, "cy", vault)
    eve = crowd.enter(chat.two, "eve", other)
    bo = crowd.enter(chat.one, "bo", vault)
    tab = crowd.enter(chat.two, "ada")
    bo.leave(vault)
    for stranger, how in (
        (eve, "never joined"),
        (bo, "has left again"),
        (tab, "never joined, though another socket of that user has"),
    ):
        expect_refused(crowd, stranger, how, vault, (ada, cy))
