"""Groups: what is said in one of two uvicorn processes is heard in the other, by exactly those who should hear it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import NoReturn, TypeVar

from checker.harness import starters
from checker.harness.events import EventKind
from checker.harness.history import Event
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_4.groups import places
from checker.stage_4.groups.chat import Chat, pulse_s
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.expectations import expect_heard, fail_as_not_crossed, wait_bare_until
from checker.stage_4.groups.frames import BELL, Frame, bare, message, never_heard, shown
from course.model import SourceLine

_T = TypeVar("_T")

# How much later a message may come than one that was said after its acknowledgement.
LATE_WITHIN_S = 1.0
# From when a call is known to wait in Valkey: an answer that was sent before it is there by then. On a busy machine it
# is, once the process has answered somebody else.
EARLY_WITHIN_S = 0.1
PULSE_WITHIN_S = 1.0
AT_ONCE_S = 0.01
# What a `group_send` of either layer writes first, and a `group_add` of the core layer. No `eval`: the core layer's
# readers begin with one too, and a reader that waits for its turn is nobody's call.
SENDS = ("zremrangebyscore", "publish")
HANDS_OVER = {"said": SENDS, "joined": ("zadd",)}


def test_a_socket_joins_in_either_process(chat: Chat, crowd: Crowd, ahead: starters.Ahead) -> None:
    """A socket opens and joins a room, in either process."""
    for server in (chat.one, chat.two):
        crowd.enter(server, "ada", crowd.room("lobby"))
    ahead("residents", "test_both_processes_name_the_same_users")


@needs("test_a_socket_joins_in_either_process")
def test_a_message_reaches_the_other_process(chat: Chat, crowd: Crowd) -> None:
    """A message reaches the room's sockets in the other process."""
    lobby = crowd.room("lobby")
    ada = crowd.enter(chat.one, "ada", lobby)
    bo = crowd.enter(chat.two, "bo", lobby)
    cy = crowd.enter(chat.two, "cy", lobby)
    dot = crowd.enter(chat.one, "dot", lobby)
    chat.store.wait_group_of(4)  # who was answered before it was so is a case of the next check, too
    for speaker, barrier, listener in ((ada, bo, cy), (bo, ada, dot)):
        hello, later = crowd.odd_text(f"hello from {speaker.user}"), f"later than {speaker.user} (the check's marker)"
        speaker.say(lobby, hello)
        # Were the first message on its way, it would arrive before this one.
        barrier.say(lobby, later)
        heard = wait_bare_until(listener, later)
        expected = [message(lobby, speaker.user, hello), message(lobby, barrier.user, later)]
        if heard and expected[0] not in heard:
            # Acknowledged before it was sent, it may come after what was said later: the next check judges that.
            heard += bare(listener.wait_heard(hello, LATE_WITHIN_S))
        if missing := [frame for frame in expected if frame not in heard]:
            fail_as_not_crossed(crowd, (speaker, barrier), listener, missing, heard)


@needs("test_a_message_reaches_the_other_process")
def test_an_answer_tells_what_is_done(chat: Chat, crowd: Crowd) -> None:
    """No socket is let in or answered, and no POST, before the layer has taken what that stands for."""
    dock = crowd.room("dock")
    ada, bo = crowd.enter(chat.one, "ada", dock), crowd.enter(chat.two, "bo", dock)
    cy, dot = crowd.enter(chat.two, "cy"), crowd.enter(chat.two, "dot")
    is_core = chat.store.wait_core_readers()
    if not is_core and not chat.store.has_subscribers():
        return  # nothing is handed to any layer there
    asking: list[tuple[Chatter, Frame, str]] = [(ada, {"op": "say", "room": dock, "text": crowd.text("hello")}, "said")]
    if is_core:  # with the other layer joining is subscribing, which no hold on writing delays
        asking.append((cy, {"op": "join", "room": crowd.room("pier")}, "joined"))
    with chat.store.writes_held():
        for chatter, frame, _ in asking:
            chatter.socket.send(frame)
        held = [chat.store.wait_held(HANDS_OVER[key]) for _, _, key in asking]
        early = [
            is_held and _wait_early(partial(who.wait_answered, key=key), who.server)
            for is_held, (who, _, key) in zip(held, asking, strict=True)
        ]
    for is_early, (chatter, frame, key) in zip(early, asking, strict=True):
        if is_early:
            saw = f'{chatter.name} sent {shown([frame])} and was answered {{"{key}": ...}} meanwhile'
            _fail_as_early(crowd, saw, places.answer(crowd.project, key))
        chatter.expect_answer(frame, key)
    if is_core:
        _expect_let_in_last(chat, crowd)
    for path in (f"/notify/{bo.user}/", f"/kick/{dot.user}/"):
        with chat.store.writes_held():
            post = crowd.send_post(chat.one, path, {"text": crowd.text("hello")})
            is_held = chat.store.wait_held(SENDS)
            answer = _wait_early(post.wait_answer, chat.one) if is_held else None
        if answer is not None and 200 <= answer.status < 300:
            saw = f"POST {path} was answered with {answer.status} meanwhile"
            _fail_as_early(crowd, saw, places.spawned(crowd.project, "views.py"))
        post.wait_answer()


def _expect_let_in_last(chat: Chat, crowd: Crowd) -> None:
    """Who is let in can be reached: no membership of theirs comes into being afterwards."""
    with ThreadPoolExecutor(1) as pool:
        with chat.store.writes_held():
            before, since = chat.store.members(), chat.history.now()
            entering = pool.submit(crowd.enter, chat.two, "eve")
            # What is held may be somebody else's lease: it tells nothing before her socket has come to the application.
            chat.history.wait_for(EventKind.APP_ENTERED, _is_socket, since=since, deadline_s=PULSE_WITHIN_S)
            chat.store.wait_held(HANDS_OVER["joined"])
            is_early = _wait_early(lambda seconds: bool(wait([entering], seconds).done), chat.two)
        eve = entering.result()
    if is_early and wait_until(lambda: chat.store.members() != before, LATE_WITHIN_S):
        saw = f"{eve.name} was let in meanwhile"
        _fail_as_early(crowd, saw, places.only_line(crowd.project, r"\bself\.accept\(\)"))


def _is_socket(event: Event) -> bool:
    return bool(event["scope"] == "websocket")


def _wait_early(answered: Callable[[float], _T], server: Server) -> _T:
    """What came though the call waits in Valkey; waited for until whatever this process has sent must be there."""
    if early := answered(EARLY_WITHIN_S):
        return early
    pulse_s(server, PULSE_WITHIN_S)
    return answered(AT_ONCE_S)


def _fail_as_early(crowd: Crowd, saw: str, where: SourceLine | None) -> NoReturn:
    crowd.fail(
        "answered-too-early",
        wanted="while Valkey holds back what the layer writes, nobody is answered that it is done",
        saw=f"{saw}; the layer's call was still waiting in Valkey",
        where=where,
    )


@needs("test_a_message_reaches_the_other_process")
def test_the_sender_gets_an_acknowledgement_only(chat: Chat, crowd: Crowd) -> None:
    """The sender gets an acknowledgement, not its own message; its other tabs get the message."""
    hall, mine = crowd.room("hall"), crowd.text("mine")
    ada = crowd.enter(chat.one, "ada", hall)
    tabs = [crowd.enter(server, "ada", hall) for server in (chat.one, chat.two)]
    bo = crowd.enter(chat.two, "bo", hall)
    ada.say(hall, mine)
    bo.say(hall, BELL)
    heard = wait_bare_until(ada, BELL)
    if message(hall, ada.user, mine) in heard:
        crowd.fail(
            "echoed",
            wanted='the socket that says something gets {"said": ...} and no copy of its own message',
            saw=f"{ada.name} heard its own {shown([message(hall, ada.user, mine)])}",
        )
    expect_heard(crowd, ada, heard, [message(hall, bo.user, BELL)])
    for tab in tabs:
        heard = wait_bare_until(tab, BELL)
        if message(hall, ada.user, mine) not in heard:
            crowd.miss(tab, [message(hall, ada.user, mine)])
            crowd.fail(
                "tab-left-out",
                wanted="every socket in the room but the sending one hears it, the user's other tabs too",
                saw=f"another tab, {tab.name}, {never_heard([message(hall, ada.user, mine)], heard)}",
                where=places.compared_users(crowd.project),
                user=ada.user,
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
        expect_heard(crowd, listener, wait_bare_until(listener, BELL), [*expected, message(tower, bell.user, BELL)])
