"""Groups: what is answered, when, and in rooms of which titles."""

from __future__ import annotations

from checker.harness.http import Exchange
from checker.harness.suite import needs
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.expectations import bare_until, expect_heard, fail_as_one_room
from checker.stage_4.groups.frames import BELL, Frame, message
from checker.stage_4.groups.titles import near_pairs

# From when all the calls are known to wait in Valkey: an answer that was sent before them is there by then.
EARLY_WITHIN_S = 0.15


@needs("test_a_message_reaches_the_other_process")
def test_an_answer_tells_what_is_done(chat: Chat, crowd: Crowd) -> None:
    """No `joined`, no `said`, and no answer to a POST comes before the layer has taken what it stands for."""
    dock, pier, hello = crowd.room("dock"), crowd.room("pier"), crowd.text("hello")
    ada = crowd.enter(chat.one, "ada", dock)
    bo = crowd.enter(chat.two, "bo", dock)
    frames: dict[Chatter, tuple[Frame, str]] = {ada: ({"op": "say", "room": dock, "text": hello}, "said")}
    held = 2  # the other layer publishes one message after the other, in each process
    if chat.store.has_core_readers():  # with the other layer joining is subscribing, which no hold on writing delays
        cy = crowd.enter(chat.two, "cy")
        frames[cy] = ({"op": "join", "room": pier}, "joined")
        held = 4
    with chat.store.writes_held():
        nobody = crowd.user("nobody")
        posts = [crowd.send_post(chat.two, f"/{what}/{nobody}/", {"text": hello}) for what in ("notify", "kick")]
        for chatter, (frame, _) in frames.items():
            chatter.socket.send(frame)
        chat.store.wait_held(held)
        early = [
            f'{{"{key}": ...}} came to {chatter.name}'
            for chatter, (_, key) in frames.items()
            if chatter.answered_within(EARLY_WITHIN_S, key)
        ]
        early += [f"{post.path} was answered" for post in posts if post.is_done and _is_good(post)]
    if early:
        crowd.fail(
            "answered-too-early",
            wanted="while Valkey holds back all that is written, nothing is answered that has still to be written",
            saw=f"{'; '.join(early)}, and the layer had taken nothing yet",
        )
    for chatter, (frame, key) in frames.items():
        chatter.expect_answer(frame, key)
    for post in posts:
        post.answer()
    expect_heard(crowd, bo, bare_until(bo, hello), [message(dock, ada.user, hello)])


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
    expect_heard(crowd, bo, bare_until(bo, hello), [message(room, ada.user, hello)])
    asked = {"op": "who", "room": room, **further}
    ada.users_of(asked, ada.ask(asked, "who"))
    ada.ask({"op": "leave", "room": room, **further}, "left")


@needs("test_a_message_reaches_the_other_process")
def test_every_title_is_a_room_of_its_own(chat: Chat, crowd: Crowd) -> None:
    """Every room title works, and no two titles share a room."""
    pairs = near_pairs(crowd.random)
    titles = [title for pair in pairs for title in pair]
    ada = crowd.enter(chat.one, "ada", *titles)
    sides = [crowd.enter(chat.two, f"guest{side}", *(pair[side] for pair in pairs)) for side in (0, 1)]
    for title in titles:
        ada.say(title, f"hello {titles.index(title)}")
    bell = crowd.room("tower")
    for chatter in (ada, *sides):
        chatter.join(bell)
    ada.say(bell, BELL)
    for side, listener in enumerate(sides):
        own = [pair[side] for pair in pairs]
        heard = bare_until(listener, BELL)
        foreign = [frame for frame in heard if frame.get("room") not in [*own, bell]]
        if foreign:
            fail_as_one_room(
                crowd, pairs, str(foreign[0].get("room")), f"heard {foreign[0].get('text')!r}, which was said there"
            )
        expected = [message(title, ada.user, f"hello {titles.index(title)}") for title in own]
        expect_heard(crowd, listener, heard, [*expected, message(bell, ada.user, BELL)])


def _is_good(post: Exchange) -> bool:
    """Whether it was answered with a 2xx: that a view is not written yet, another check tells."""
    answer = post.answer(0)
    return answer is not None and 200 <= answer.status < 300
