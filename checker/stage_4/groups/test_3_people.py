"""Groups: who is there, and what other programs ask of the chat: notices and kicks."""

from __future__ import annotations

from checker.harness.suite import needs
from checker.stage_4.groups import places
from checker.stage_4.groups.apart import expect_named_apart
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.expectations import expect_heard, expect_users, wait_bare_until
from checker.stage_4.groups.frames import BELL, bare, message, never_heard, shown, shown_title
from checker.stage_4.groups.leases import LONG_OUTLIVED, Residents, expect_still_named
from checker.stage_4.groups.titles import near_pairs

# From when others in both processes have heard what was said after it.
NOTICE_WITHIN_S = 5.0


@needs("test_a_message_reaches_the_other_process")
def test_both_processes_name_the_same_users(chat: Chat, crowd: Crowd, residents: Residents) -> None:
    """`who` names the users of a room, the same in both processes, as sockets come and go."""
    porch, garden = crowd.room("porch"), crowd.room("garden")
    ada = crowd.enter(chat.one, "ada", porch, porch)
    tabs = [crowd.enter(server, "ada", porch) for server in (chat.two, chat.one)]
    bo = crowd.enter(chat.two, "bo", porch, garden)
    cy = crowd.enter(chat.two, "cy")
    zed = crowd.enter(chat.one, "Zed", porch)  # as Python sorts texts, a capital comes first
    users = sorted((zed.user, ada.user, bo.user))
    expect_users(
        crowd, [ada, bo, cy], porch, users, f"{ada.user} (in both processes), {bo.user} and {zed.user} have joined"
    )
    expect_users(crowd, [ada, cy], garden, [bo.user], f"{bo.user} has joined two rooms; in the second")
    expect_users(crowd, [cy], crowd.room("nobody's"), [], "nobody has joined this room")
    joined_at, users_in = residents.joined_at, residents.users_in
    expect_still_named(residents.crowd, cy, users_in, joined_at=joined_at, outlived=LONG_OUTLIVED)
    for tab in tabs:
        tab.socket.close()
        crowd.wait_gone(tab)
        for asker in (ada, cy):
            named = crowd.wait_who(asker, porch, users)
            if ada.user not in named:
                crowd.fail(
                    "other-tab-forgotten",
                    wanted=f"a tab of {ada.user} was closed, in {chat.place(tab.server)}; another is still in the room",
                    saw=f"`who` answers {named} in {chat.place(asker.server)}",
                    user=ada.user,
                )
    bo.leave(porch)
    expect_users(crowd, [ada, cy], porch, sorted((zed.user, ada.user)), f"{bo.user} has left")
    expect_users(crowd, [ada, cy], garden, [bo.user], f"{bo.user} has left the other room only; in this one")
    ada.leave(porch)
    expect_users(crowd, [ada, cy], porch, [zed.user], f"{ada.user} has joined twice and left once")


@needs("test_every_title_is_a_room_of_its_own", "test_both_processes_name_the_same_users")
def test_every_title_has_users_of_its_own(chat: Chat, crowd: Crowd) -> None:
    """`who` tells rooms apart that have nearly the same title."""
    pairs = near_pairs(crowd.random, others=True)
    ada = crowd.enter(chat.one, "ada")
    sides = [crowd.enter(chat.two, f"guest{side}", *(pair[side] for pair in pairs)) for side in (0, 1)]
    for side, guest in enumerate(sides):
        wanted = [guest.user]
        own = [pair[side] for pair in pairs]
        told = ada.ask_who_of_all(own)
        for title in own:
            users = told.get(title, [])
            if users != wanted and (users := crowd.wait_who(ada, title, wanted)) != wanted:
                if sides[1 - side].user in users:
                    expect_named_apart(crowd, ada, title, pairs[own.index(title)][1 - side])
                crowd.fail(
                    "who-wrong",
                    wanted=f"{guest.user} alone has joined {shown_title(title)}: `who` names {wanted}",
                    saw=f"`who` names {users}; the check has asked for {crowd.patience}",
                    room=shown_title(title),
                )


@needs("test_a_message_reaches_the_other_process")
def test_a_notice_reaches_every_tab(chat: Chat, crowd: Crowd) -> None:
    """A notice reaches every tab of its user in both processes, and nobody else."""
    tower, ada = crowd.room("tower"), crowd.user("ada")
    tabs = [crowd.enter(server, "ada", tower) for server in (chat.one, chat.two, chat.two)]
    idle = [crowd.enter(server, "ada") for server in (chat.one, chat.two)]
    # Rooms may be called like a user, or like the group that a user's sockets might be in.
    names = (ada, f"user.{ada}", f"user_{ada}", f"user-{ada}", f"user:{ada}", f"notify_{ada}")
    # Users' names may differ in case alone.
    namesake = crowd.enter_as(chat.one, ada.swapcase(), tower)
    others = [crowd.enter(chat.one, "bo", tower), crowd.enter(chat.two, "eve", tower, *names), namesake]
    bell = crowd.enter(chat.two, "dot", tower)
    first, second = crowd.odd_text("from one"), crowd.text("from two")
    crowd.post(chat.one, f"/notify/{ada}/", {"text": first})
    crowd.post(chat.two, f"/notify/{ada}/", {"text": second})
    bell.say(tower, BELL)
    rung = message(tower, bell.user, BELL)
    notices = [{"notice": first}, {"notice": second}]
    for tab in (*tabs, *idle):  # in this order: the last are not rung for
        expected = [*notices, rung] if tab in tabs else notices
        heard = wait_bare_until(tab, BELL) if tab in tabs else bare(tab.wait_heard(second, NOTICE_WITHIN_S))
        if heard != expected:
            missing = [frame for frame in expected if frame not in heard]
            crowd.miss(tab, missing)
            room = "" if tab in tabs else ", which has joined no room,"
            # A process that knows its own sockets alone misses what was posted to the other.
            is_local = missing == notices[tab.server is chat.one :][:1]
            memory = places.kept_in_memory(crowd.project) if is_local else None
            crowd.fail(
                "notice-missed",
                wanted=f"each of {ada}'s five tabs gets both notices once, of which each process got one",
                saw=f"{tab.name}{room} {never_heard(missing, heard) if missing else 'heard ' + shown(heard)}",
                where=places.sent_to_one(crowd.project, "notify") or memory,
                user=ada,
            )
    for other in others:
        heard = wait_bare_until(other, BELL)
        if foreign := [frame for frame in heard if "notice" in frame]:
            rooms = f", who has joined rooms titled {', '.join(names)}," if other.name.startswith("eve") else ""
            case = "\nthe two names differ in case" if other is namesake else ""
            crowd.fail(
                "notice-overheard",
                wanted=f"{ada}'s notices reach {ada} alone; {other.name}{rooms} gets none",
                saw=f"{other.name} heard {shown(foreign)}{case}",
                where=places.tidied(crowd.project) if case else None,
                user=ada,
                other=other.user,
            )
        expect_heard(crowd, other, heard, [rung])


@needs("test_a_message_reaches_the_other_process")
def test_a_kicked_user_is_closed_everywhere(chat: Chat, crowd: Crowd) -> None:
    """All sockets of a kicked user close with 4403, in both processes; nobody else's do."""
    gate = crowd.room("gate")
    kicked = [crowd.enter(server, "bo", *rooms) for server in (chat.one, chat.two) for rooms in ([gate], [])]
    ada = crowd.enter(chat.one, "ada", gate)
    longer = crowd.enter_as(chat.two, f"{kicked[0].user}b", gate)
    crowd.post(chat.one, f"/kick/{kicked[0].user}/")
    for bo in kicked:
        if not bo.wait_closed():
            crowd.miss(bo, [{"notice": "closed with 4403"}])
            crowd.fail(
                "kick-missed",
                wanted=f"after POST /kick/{bo.user}/ to process one, {bo.user}'s sockets in both processes are closed",
                saw=f"the socket of {bo.name} is still open",
                where=places.kept_in_memory(crowd.project) if bo.server is chat.two else None,
                user=bo.user,
            )
        if bo.socket.close_code != 4403:
            saw = f"the socket of {bo.name} was closed with {bo.socket.close_code}"
            where = places.closed_without_code(crowd.project)
            wanted = "a kicked socket is closed with the code 4403"
            crowd.fail("kick-code", wanted=wanted, saw=saw, where=where, closed=str(bo.socket.close_code))
    crowd.wait_gone(*kicked)
    for speaker, listener in ((ada, longer), (longer, ada)):
        text = f"{speaker.user} is still here"
        frame = {"op": "say", "room": gate, "text": text}
        answer = speaker.wait_answer_to(frame, "said")
        heard = wait_bare_until(listener, text) if answer and "said" in answer else []
        for other in (ada, longer):
            if (close_code := other.socket.close_code) is not None:
                saw = f"the socket of {other.name} was closed with {close_code}"
                wanted = f"only {kicked[0].user}'s sockets are closed"
                crowd.fail("kicked-others", wanted=wanted, saw=saw, user=kicked[0].user, other=other.user)
        speaker.expect_reply(frame, answer, "said")
        expect_heard(crowd, listener, heard, [message(gate, speaker.user, text)])
