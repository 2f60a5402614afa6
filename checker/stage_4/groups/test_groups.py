"""Groups: rooms and notices over two uvicorn processes and one Valkey, until one of the processes is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.harness.suite import needs
from checker.stage_4.groups.chat import Chat, Store
from checker.stage_4.groups.crowd import SETTLES_WITHIN_S, Chatter, Crowd, bare, message, shown

PRESENCE_SECONDS = 1.0
DEATH_DEADLINE_S = 10.0
PATIENCE = f"far beyond PRESENCE_SECONDS ({PRESENCE_SECONDS:.0f}), since machines can be slow"
BELL = "the bell rings (the check's marker)"

ALIKE = (
    ("Küche", "Kuche"),
    ("a/b", "a_b"),
    ("Tea & Cake", "tea cake"),
    ("???", "!!!"),
    ("x" * 300, "x" * 299 + "y"),
    ("🦊 den", "🦉 den"),
)


@pytest.fixture(scope="session")
def chat(uvicorn: Callable[..., Server], valkey: Callable[..., Valkey], history: History) -> Chat:
    """Both processes and the Valkey between them."""
    store = valkey()
    environment = {**store.environment, "PRESENCE_SECONDS": str(PRESENCE_SECONDS)}
    one = uvicorn("chat.asgi:application", name="uvicorn-one", environment=environment)
    two = uvicorn("chat.asgi:application", name="uvicorn-two", environment=environment)
    for server in (one, two):
        server.ready("/")
    return Chat(one, two, Store(store), history)


@pytest.fixture
def crowd(chat: Chat) -> Iterator[Crowd]:
    """The sockets of one check."""
    crowd = Crowd(chat)
    yield crowd
    crowd.close()


def test_a_socket_joins_in_either_process(chat: Chat, crowd: Crowd) -> None:
    """A socket opens and joins a room, in either process."""
    for server in (chat.one, chat.two):
        crowd.enter(server, "ada", "lobby")


@needs("test_a_socket_joins_in_either_process")
def test_a_message_reaches_the_other_process(chat: Chat, crowd: Crowd) -> None:
    """A message reaches the room's sockets in the other process."""
    ada = crowd.enter(chat.one, "ada", "lobby")
    bo = crowd.enter(chat.two, "bo", "lobby")
    cy = crowd.enter(chat.two, "cy", "lobby")
    dot = crowd.enter(chat.one, "dot", "lobby")
    for speaker, barrier, listener in ((ada, bo, cy), (bo, ada, dot)):
        hello, later = f"hello from {speaker.user}", f"later than {speaker.user} (the check's marker)"
        speaker.say("lobby", hello)
        # Were the first message on its way, it would arrive before this one.
        barrier.say("lobby", later)
        heard = bare(listener.hears_until(later))
        if heard[-2:] != [message("lobby", speaker.user, hello), message("lobby", barrier.user, later)]:
            _did_not_cross(crowd, speaker, listener, shown(heard) if heard else listener.silence)


def _did_not_cross(crowd: Crowd, speaker: Chatter, listener: Chatter, heard: str) -> None:
    wanted = f"{listener.name} hears what {speaker.name} says, and then what was said after it"
    saw = f"{speaker.name} got its acknowledgement; {listener.name} heard {heard}"
    if not crowd.chat.store.has_readers():
        saw += f"\nthe Valkey at REDIS_URL saw {crowd.chat.store.commands()} commands, and no channel layer waits there"
        crowd.fail("layer-not-shared", wanted=wanted, saw=saw)
    if not crowd.chat.store.members():
        saw += "\nValkey knows of no group with a member"
        crowd.fail("kept-in-process", wanted=wanted, saw=saw)
    crowd.fail("not-delivered", wanted=wanted, saw=saw)


@needs("test_a_message_reaches_the_other_process")
def test_the_sender_gets_an_acknowledgement_only(chat: Chat, crowd: Crowd) -> None:
    """The sender gets an acknowledgement, not its own message; its other tab gets the message."""
    ada = crowd.enter(chat.one, "ada", "hall")
    tab = crowd.enter(chat.two, "ada", "hall")
    bo = crowd.enter(chat.two, "bo", "hall")
    ada.say("hall", "mine")
    bo.say("hall", BELL)
    heard = bare(ada.hears_until(BELL))
    if message("hall", "ada", "mine") in heard:
        crowd.fail(
            "echoed",
            wanted='the socket that says something gets {"said": ...} and no copy of its own message',
            saw=f"{ada.name} heard {shown(heard)}",
        )
    _expect(crowd, ada, heard, [message("hall", "bo", BELL)])
    heard = bare(tab.hears_until(BELL))
    if message("hall", "ada", "mine") not in heard:
        crowd.fail(
            "tab-left-out",
            wanted="every socket in the room but the sending one hears it, the user's other tabs too",
            saw=f"the second tab, {tab.name}, heard {shown(heard) if heard else tab.silence}",
        )


@needs("test_the_sender_gets_an_acknowledgement_only")
def test_exactly_the_room_hears(chat: Chat, crowd: Crowd) -> None:
    """Six sockets of three users in two rooms hear exactly what is theirs, each message once."""
    rooms_of = {
        crowd.enter(chat.one, "ada", "red"): ["red"],
        crowd.enter(chat.two, "ada", "red", "blue"): ["red", "blue"],
        crowd.enter(chat.one, "bo", "blue"): ["blue"],
        crowd.enter(chat.two, "bo", "red"): ["red"],
        crowd.enter(chat.one, "cy", "red", "blue"): ["red", "blue"],
        crowd.enter(chat.two, "cy"): [],
    }
    lines = [
        (speaker, message(room, speaker.user, f"line {number} of {speaker.name}"))
        for number, (speaker, rooms) in enumerate(rooms_of.items())
        for room in rooms
    ]
    for chatter in rooms_of:
        chatter.join("tower")  # the bell's room, where nobody speaks
    bell = crowd.enter(chat.one, "dot", "tower")
    for speaker, line in lines:
        speaker.say(line["room"], line["text"])
    bell.say("tower", BELL)
    for listener, rooms in rooms_of.items():
        expected = [line for speaker, line in lines if speaker is not listener and line["room"] in rooms]
        _expect(crowd, listener, bare(listener.hears_until(BELL)), [*expected, message("tower", "dot", BELL)])


@needs("test_a_message_reaches_the_other_process")
def test_joining_twice_is_joining_once(chat: Chat, crowd: Crowd) -> None:
    """A socket that has joined a room twice hears each message once."""
    ada = crowd.enter(chat.one, "ada", "attic")
    bo = crowd.enter(chat.two, "bo", "attic", "attic")
    ada.say("attic", "once")
    ada.say("attic", BELL)
    _expect(crowd, bo, bare(bo.hears_until(BELL)), [message("attic", "ada", "once"), message("attic", "ada", BELL)])


@needs("test_a_message_reaches_the_other_process")
def test_a_socket_that_left_hears_no_more(chat: Chat, crowd: Crowd) -> None:
    """A socket that has left a room hears no more of it."""
    ada = crowd.enter(chat.one, "ada", "cellar", "stairs")
    bo = crowd.enter(chat.two, "bo", "cellar", "stairs")
    cy = crowd.enter(chat.two, "cy", "cellar")
    bo.leave("cellar")
    ada.say("cellar", "bo has left")
    ada.say("stairs", BELL)
    heard = bare(bo.hears_until(BELL))
    if message("cellar", "ada", "bo has left") in heard:
        crowd.fail(
            "heard-after-leaving",
            wanted=f"{bo.name} has left the room 'cellar' and hears nothing of it",
            saw=f"{bo.name} heard {shown(heard)}",
        )
    _expect(crowd, bo, heard, [message("stairs", "ada", BELL)])
    _expect(crowd, cy, bare(cy.hears_until("bo has left")), [message("cellar", "ada", "bo has left")])


@needs("test_a_message_reaches_the_other_process")
def test_only_members_speak(chat: Chat, crowd: Crowd) -> None:
    """Nobody speaks in a room without having joined it."""
    ada = crowd.enter(chat.one, "ada", "vault")
    cy = crowd.enter(chat.two, "cy", "vault")
    eve = crowd.enter(chat.two, "eve")
    bo = crowd.enter(chat.one, "bo", "vault")
    bo.leave("vault")
    for stranger, how in ((eve, "never joined"), (bo, "has left again")):
        answer = stranger.ask({"op": "say", "room": "vault", "text": "psst"}, "error", "said")
        ada.say("vault", BELL)
        heard = bare(cy.hears_until(BELL))
        if "said" in answer or message("vault", stranger.user, "psst") in heard:
            crowd.fail(
                "spoke-without-joining",
                wanted=f'{stranger.name}, who {how}, is answered {{"error": ...}} and nobody hears it',
                saw=f"the answer was {shown([answer])}; {cy.name} in the room heard {shown(heard)}",
            )
        _expect(crowd, cy, heard, [message("vault", "ada", BELL)])


@needs("test_a_message_reaches_the_other_process")
def test_every_title_is_a_room_of_its_own(chat: Chat, crowd: Crowd) -> None:
    """Every room title works, and no two titles share a room."""
    titles = [title for pair in ALIKE for title in pair]
    ada = crowd.enter(chat.one, "ada", *titles)
    listeners = [crowd.enter(chat.two, f"guest{number}", title) for number, title in enumerate(titles)]
    for text in ("hello", BELL):
        for title in titles:
            ada.say(title, text)
    for listener, title in zip(listeners, titles, strict=True):
        heard = bare(listener.hears_until(BELL))
        foreign = [frame for frame in heard if frame.get("room") != title]
        if foreign:
            crowd.fail(
                "titles-collide",
                wanted=f"{shown([{'room': title}])} and {shown([{'room': foreign[0].get('room')}])} are two rooms",
                saw=f"a socket that has joined only the first heard {shown(foreign[:1])}",
            )
        _expect(crowd, listener, heard, [message(title, "ada", "hello"), message(title, "ada", BELL)])


@needs("test_a_message_reaches_the_other_process")
def test_both_processes_name_the_same_users(chat: Chat, crowd: Crowd) -> None:
    """`who` names the users of a room, the same in both processes, as sockets come and go."""
    ada = crowd.enter(chat.one, "ada", "porch", "porch")
    tab = crowd.enter(chat.two, "ada", "porch")
    bo = crowd.enter(chat.two, "bo", "porch")
    cy = crowd.enter(chat.two, "cy")
    _expect_users(crowd, [ada, bo, cy], "porch", ["ada", "bo"], "ada (in both processes) and bo have joined")
    tab.socket.close()
    crowd.wait_gone(tab)
    for asker in (ada, cy):
        users = crowd.who_settles(asker, "porch", ["ada", "bo"])
        if "ada" not in users:
            crowd.fail(
                "other-tab-forgotten",
                wanted="ada has closed one of two tabs, and is still in the room",
                saw=f"`who` answers {users} in {chat.place(asker.server)}",
            )
    bo.leave("porch")
    _expect_users(crowd, [ada, cy], "porch", ["ada"], "bo has left")


def _expect_users(crowd: Crowd, askers: list[Chatter], room: str, users: list[str], situation: str) -> None:
    for asker in askers:
        answer = crowd.who_settles(asker, room, users)
        if answer == users:
            continue
        answers = {other.name: other.who(room) for other in askers}
        told = "; ".join(f"{name} is told {names}" for name, names in answers.items())
        code = "who-differs" if len({tuple(names) for names in answers.values()}) > 1 else "who-wrong"
        crowd.fail(
            code,
            wanted=f"{situation}: `who` names {users} in both processes",
            saw=f"{told}; the check has asked for {SETTLES_WITHIN_S:.0f} s, {PATIENCE}",
        )


@needs("test_a_message_reaches_the_other_process")
def test_a_notice_reaches_every_tab(chat: Chat, crowd: Crowd) -> None:
    """A notice reaches every tab of its user in both processes, and nobody else."""
    tabs = [crowd.enter(server, "ada", "tower") for server in (chat.one, chat.two, chat.two)]
    # Rooms may be called like a user, or like the group that a user's sockets might be in.
    names = ("ada", "user.ada", "user_ada", "user-ada", "user:ada", "notify_ada")
    others = [crowd.enter(chat.one, "bo", "tower"), crowd.enter(chat.two, "eve", "tower", *names)]
    bell = crowd.enter(chat.two, "dot", "tower")
    crowd.post(chat.one, "/notify/ada/", {"text": "from one"})
    crowd.post(chat.two, "/notify/ada/", {"text": "from two"})
    bell.say("tower", BELL)
    rung = message("tower", "dot", BELL)
    for tab in tabs:
        heard = bare(tab.hears_until(BELL))
        if heard != [{"notice": "from one"}, {"notice": "from two"}, rung]:
            crowd.fail(
                "notice-missed",
                wanted="each of ada's three tabs gets both notices: one posted to process one, one to process two",
                saw=f"{tab.name} heard {shown(heard) if heard else tab.silence}",
            )
    for other in others:
        heard = bare(other.hears_until(BELL))
        if any("notice" in frame for frame in heard):
            rooms = f", who has joined rooms titled {', '.join(names)}," if other.user == "eve" else ""
            crowd.fail(
                "notice-overheard",
                wanted=f"ada's notices reach ada alone; {other.name}{rooms} gets none",
                saw=f"{other.name} heard {shown(heard)}",
            )
        _expect(crowd, other, heard, [rung])


@needs("test_a_message_reaches_the_other_process")
def test_a_kicked_user_is_closed_everywhere(chat: Chat, crowd: Crowd) -> None:
    """All sockets of a kicked user close with 4403, in both processes; nobody else's do."""
    kicked = [crowd.enter(server, "bo", "gate") for server in (chat.one, chat.two)]
    ada = crowd.enter(chat.one, "ada", "gate")
    bob = crowd.enter(chat.two, "bob", "gate")
    crowd.post(chat.one, "/kick/bo/")
    for socket in kicked:
        closed = socket.socket.wait_closed()
        if not closed:
            crowd.fail(
                "kick-missed",
                wanted="after POST /kick/bo/ to process one, bo's sockets in both processes are closed",
                saw=f"the socket of {socket.name} is still open after {SETTLES_WITHIN_S:.0f} s",
            )
        if socket.socket.close_code != 4403:
            saw = f"the socket of {socket.name} was closed with {socket.socket.close_code}"
            crowd.fail("kick-code", wanted="a kicked socket is closed with the code 4403", saw=saw)
    crowd.wait_gone(*kicked)
    for speaker, listener in ((ada, bob), (bob, ada)):
        text = f"{speaker.user} is still here"
        answer = speaker.answer_to({"op": "say", "room": "gate", "text": text}, "said")
        heard = bare(listener.hears_until(text)) if answer else []
        for other in (ada, bob):
            if (close_code := other.socket.close_code) is not None:
                saw = f"the socket of {other.name} was closed with {close_code}"
                crowd.fail("kicked-others", wanted="only bo's sockets are closed", saw=saw)
        _expect(crowd, listener, heard, [message("gate", speaker.user, text)])


@needs("test_a_message_reaches_the_other_process")
def test_sockets_leave_nothing_behind(chat: Chat, crowd: Crowd) -> None:
    """A socket that closes, or is cut off, leaves no membership behind in Valkey."""
    before = chat.store.members()
    leaving = [crowd.enter(server, user, "dock", "pier") for server in (chat.one, chat.two) for user in ("ada", "bo")]
    for chatter in leaving:
        if chatter.user == "ada":
            chatter.socket.close()
        else:
            chatter.socket.cut()
    crowd.wait_gone(*leaving)
    if left := crowd.members_left(before):
        groups = ", ".join(f"{name} ({count})" for name, count in left.items())
        crowd.fail(
            "members-left",
            wanted="two sockets have closed and two were cut off: no group holds a member any more",
            saw=f"Valkey still lists members in {len(left)} groups: {groups}",
        )


@needs("test_sockets_leave_nothing_behind")
def test_a_socket_cut_while_speaking_leaves_nothing(chat: Chat, crowd: Crowd) -> None:
    """A socket that is cut off while it is being answered leaves nothing behind either."""
    before = chat.store.members()
    eve = crowd.enter(chat.two, "eve", "bridge")
    eve.vanish(*({"op": "say", "room": "bridge", "text": f"hello {number}"} for number in range(3)))
    crowd.wait_gone(eve)
    if left := crowd.members_left(before):
        crowd.fail(
            "cut-while-speaking",
            wanted="a client sends three messages and vanishes: no group holds its socket any more",
            saw=f"Valkey still lists members in {len(left)} groups",
        )
    askers = [crowd.enter(chat.one, "ada"), crowd.enter(chat.two, "bo")]
    crowd.expect_gone("eve", "bridge", askers, for_s=2 * PRESENCE_SECONDS)


@needs("test_both_processes_name_the_same_users")
def test_the_survivor_names_the_living(chat: Chat, crowd: Crowd) -> None:
    """After one process is killed, the other comes to name exactly those who are alive, and they talk on."""
    ada = crowd.enter(chat.one, "ada", "deck")
    dot = crowd.enter(chat.one, "dot", "deck")
    lost = [crowd.enter(chat.two, user, "deck") for user in ("ada", "bo", "cy")]
    _expect_users(crowd, [ada], "deck", ["ada", "bo", "cy", "dot"], "four users have joined")
    chat.two.process.kill(DEATH_DEADLINE_S)
    for chatter in lost:
        chatter.socket.wait_closed()
    crowd.enter(chat.one, "bo", "deck")  # bo's client reconnects
    users = crowd.who_settles(ada, "deck", ["ada", "bo", "dot"])
    wanted = "cy's process is dead: PRESENCE_SECONDS later `who` names ['ada', 'bo', 'dot']"
    saw = f"`who` names {users}; the check has asked for {SETTLES_WITHIN_S:.0f} s, {PATIENCE}"
    if "cy" in users:
        crowd.fail("zombies", wanted=wanted, saw=saw)
    if users != ["ada", "bo", "dot"]:
        crowd.fail("who-wrong", wanted=wanted, saw=saw)
    ada.say("deck", "who is left?")
    _expect(crowd, dot, bare(dot.hears_until("who is left?")), [message("deck", "ada", "who is left?")])


def _expect(crowd: Crowd, listener: Chatter, heard: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Exactly these, each once; in which order different speakers are heard is not promised."""
    missing = [frame for frame in expected if frame not in heard]
    foreign = [frame for frame in heard if frame not in expected]
    doubled = [frame for frame in expected if heard.count(frame) > 1]
    if foreign:
        own = any(frame.get("from") == listener.user for frame in foreign)
        crowd.fail(
            "overheard",
            wanted=f"{listener.name} hears only what others say in the rooms it has joined",
            saw=f"{listener.name} heard {'its own message' if own else 'what is not its own'}: {shown(foreign[:2])}",
        )
    if missing:
        crowd.fail(
            "not-delivered",
            wanted=f"{listener.name} hears {shown(missing[:1])}",
            saw=f"it heard {shown(heard)}" if heard else listener.silence,
        )
    if doubled:
        crowd.fail(
            "duplicated",
            wanted=f"{listener.name} hears {shown(doubled[:1])} once",
            saw=f"it heard it {heard.count(doubled[0])} times",
        )
