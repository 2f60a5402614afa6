"""Groups: joining and leaving, once and twice; who may speak; in rooms of which titles."""

from __future__ import annotations

from checker.harness.suite import needs
from checker.stage_4.groups.apart import expect_heard_apart
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.expectations import expect_heard, expect_refused, wait_bare_until
from checker.stage_4.groups.frames import BELL, message, shown
from checker.stage_4.groups.titles import near_pairs


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
    heard = wait_bare_until(bo, BELL)
    if message(cellar, ada.user, left) in heard:
        crowd.fail(
            "heard-after-leaving",
            wanted=f"{bo.name} has left the room {cellar!r} and hears nothing of it",
            saw=f"{bo.name} heard {shown([message(cellar, ada.user, left)])}",
            user=bo.user,
            room=cellar,
        )
    expect_heard(crowd, bo, heard, [message(stairs, ada.user, BELL)])
    expect_heard(crowd, cy, wait_bare_until(cy, left), [message(cellar, ada.user, left)])
    bo.join(cellar)
    ada.say(cellar, back)
    expect_heard(crowd, bo, wait_bare_until(bo, back), [message(cellar, ada.user, back)])


@needs("test_a_message_reaches_the_other_process")
def test_only_members_speak(chat: Chat, crowd: Crowd) -> None:
    """A socket speaks only in rooms that it has joined itself, and not left."""
    vault, other = crowd.room("vault"), crowd.room("other")
    ada = crowd.enter(chat.one, "ada", vault)
    cy = crowd.enter(chat.two, "cy", vault)
    eve = crowd.enter(chat.two, "eve", other)
    bo = crowd.enter(chat.one, "bo", vault)
    tab, neighbour = crowd.enter(chat.two, "ada"), crowd.enter(chat.one, "ada")
    bo.leave(vault)
    for stranger, how in (
        (eve, "never joined"),
        (bo, "has left again"),
        (tab, "never joined, though another socket of that user has"),
        (neighbour, "never joined, though another socket of that user in its process has"),
    ):
        expect_refused(crowd, stranger, how, vault, (ada, cy))


@needs("test_a_message_reaches_the_other_process")
def test_joining_twice_is_joining_once(chat: Chat, crowd: Crowd) -> None:
    """A socket that has joined a room twice hears each message once, and leaves it with one leave."""
    attic, stairs, once = crowd.room("attic"), crowd.room("stairs"), crowd.text("once")
    ada = crowd.enter(chat.one, "ada", attic, stairs)
    bo = crowd.enter(chat.two, "bo", attic, attic, stairs)
    cy = crowd.enter(chat.two, "cy", attic)
    ada.say(attic, once)
    ada.say(attic, BELL)
    expect_heard(crowd, bo, wait_bare_until(bo, BELL), [message(attic, ada.user, once), message(attic, ada.user, BELL)])
    wait_bare_until(cy, BELL)
    bo.leave(attic)
    later, end = crowd.text("bo has left"), crowd.text("the end")
    ada.say(attic, later)
    ada.say(stairs, end)
    heard = wait_bare_until(bo, end)
    if message(attic, ada.user, later) in heard:
        crowd.fail(
            "heard-after-leaving",
            wanted=f"{bo.name} has joined twice and left once: it hears nothing of the room",
            saw=f"{bo.name} heard {shown([message(attic, ada.user, later)])}",
            user=bo.user,
            room=attic,
        )
    wait_bare_until(cy, later)
    expect_refused(crowd, bo, "has joined twice and left once", attic, (ada, cy))
    bo.leave(attic)  # once more does no harm
    bo.join(attic)


@needs("test_a_message_reaches_the_other_process")
def test_further_keys_do_no_harm(chat: Chat, crowd: Crowd) -> None:
    """Every frame is answered as the table says; further keys in it change nothing."""
    room, hello = crowd.room("annex"), crowd.text("hello")
    further = {
        crowd.user("id"): crowd.random.randrange(1000),
        "from": crowd.user("mallory"),
        "users": ["x"],
        "type": "x",
    }
    ada = crowd.enter(chat.one, "ada")
    bo = crowd.enter(chat.two, "bo", room)
    ada.ask({"op": "join", "room": room, **further}, "joined")
    ada.ask({"op": "say", "room": room, "text": hello, **further}, "said")
    expect_heard(crowd, bo, wait_bare_until(bo, hello), [message(room, ada.user, hello)])
    asked = {"op": "who", "room": room, **further}
    ada.expect_users(asked, ada.ask(asked, "who"))
    ada.ask({"op": "leave", "room": room, **further}, "left")


@needs("test_a_message_reaches_the_other_process")
def test_every_title_is_a_room_of_its_own(chat: Chat, crowd: Crowd) -> None:
    """Every room title works, and no two titles share a room."""
    pairs = near_pairs(crowd.random)
    titles = [title for pair in pairs for title in pair]
    ada = crowd.enter(chat.one, "ada", *titles)
    sides = [crowd.enter(chat.two, f"guest{side}", *(pair[side] for pair in pairs)) for side in (0, 1)]
    said_in = {f"hello {number}": title for number, title in enumerate(titles)}
    for text, title in said_in.items():
        ada.say(title, text)
    bell = crowd.room("tower")
    for chatter in (ada, *sides):
        chatter.join(bell)
    ada.say(bell, BELL)
    for side, listener in enumerate(sides):
        own = [pair[side] for pair in pairs]
        heard = wait_bare_until(listener, BELL)
        texts = {frame.get("text") for frame in heard}
        if foreign := [title for text, title in said_in.items() if text in texts and title not in own]:
            expect_heard_apart(crowd, ada, foreign[0], own[titles.index(foreign[0]) // 2])
        expected = [message(title, ada.user, text) for text, title in said_in.items() if title in own]
        expect_heard(crowd, listener, heard, [*expected, message(bell, ada.user, BELL)])
