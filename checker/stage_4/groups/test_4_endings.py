"""Groups: what a socket leaves behind that closes, is cut off, or loses its process; at last process two is killed."""

from __future__ import annotations

import os
import signal

from checker.harness.events import EventKind
from checker.harness.suite import needs
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.crowd import LEFT_WITHIN_S, Crowd
from checker.stage_4.groups.expectations import expect_heard, expect_users, wait_bare_until
from checker.stage_4.groups.frames import message
from checker.stage_4.groups.leases import (
    OUTLIVED,
    expect_gone,
    expect_still_named,
    fail_as_forgotten,
    fail_as_zombies,
)

DEATH_DEADLINE_S = 10.0
# More than the buffers between the server and a client that reads nothing hold, all together.
LONG_TEXT = "🦊" * 40_000
LONG_TEXTS = 24


@needs("test_a_kicked_user_is_closed_everywhere")
def test_sockets_leave_nothing_behind(chat: Chat, crowd: Crowd) -> None:
    """A socket that closes, is kicked, or is cut off, leaves no membership behind in Valkey."""
    before = chat.store.members()
    rooms = crowd.room("dock"), crowd.room("pier")
    servers = (chat.one, chat.two)
    closing = [crowd.enter(server, "ada", *rooms) for server in servers] + [crowd.enter(chat.one, "cy")]
    kicked = [crowd.enter(server, "dot", *rooms) for server in servers]
    cut = [crowd.enter(server, "bo", *rooms) for server in servers]
    crowd.post(chat.one, f"/kick/{kicked[0].user}/")
    for chatter in kicked:
        chatter.socket.wait_closed()
    crowd.wait_gone(*kicked)
    for chatter in closing:
        chatter.socket.close()
    for chatter in cut:
        chatter.socket.cut()
    crowd.wait_gone(*closing, *cut)
    if left := crowd.wait_members_left(before):
        groups = ", ".join(f"{name} ({count})" for name, count in left.items())
        crowd.fail(
            "members-left",
            wanted=f"{len(closing)} sockets closed, {len(kicked)} were kicked, {len(cut)} cut off: no member is left",
            saw=f"Valkey still lists members in {len(left)} groups: {groups}",
        )


@needs("test_sockets_leave_nothing_behind")
def test_a_socket_cut_while_speaking_leaves_nothing(chat: Chat, crowd: Crowd) -> None:
    """A socket that is cut off while it is answered, or spoken to, leaves nothing behind either."""
    bridge = crowd.room("bridge")
    before = chat.store.members()
    eve = crowd.enter(chat.two, "eve", bridge)
    eve.vanish(*({"op": "say", "room": bridge, "text": f"hello {number}"} for number in range(3)))
    _expect_no_members(crowd, before, "a client sends three messages and vanishes", eve.id)
    for op, rooms in (("join", []), ("who", [bridge]), ("leave", [bridge])):
        fay = crowd.enter(chat.two, "fay", *rooms)
        fay.vanish({"op": op, "room": bridge})
        _expect_no_members(crowd, before, f"a client sends a {op!r} and vanishes before it is answered", fay.id)
    os.kill(chat.two.pid, signal.SIGSTOP)
    try:
        hal = crowd.enter_deaf(chat.two, "hal")
        hal.cut()
    finally:
        os.kill(chat.two.pid, signal.SIGCONT)
    _expect_no_members(crowd, before, "a client opens a socket and vanishes before it is let in", hal.id)
    gus = crowd.enter_deaf(chat.two, "gus")
    if not gus.ask({"op": "join", "room": bridge}, "joined"):
        wanted = f"{gus.label} opens a socket and joins a room"
        crowd.fail("no-reply", wanted=wanted, saw="nothing came", user=gus.label, key="joined")
    ada = crowd.enter(chat.one, "ada", bridge)
    for number in range(LONG_TEXTS):
        ada.say(bridge, f"{number} {LONG_TEXT}")
    gus.cut()
    ada.socket.close()
    crowd.wait_gone(ada)
    what = f"a client reads nothing, {LONG_TEXTS} long messages are said to it, and it vanishes"
    _expect_no_members(crowd, before, what, gus.id)
    askers = [crowd.enter(chat.one, "ada", bridge), crowd.enter(chat.two, "bo", bridge)]
    users = [crowd.user(name) for name in ("eve", "fay", "gus", "hal")]
    expect_gone(crowd, users, bridge, askers)


def _expect_no_members(crowd: Crowd, before: dict[str, int], what: str, socket_id: str) -> None:
    crowd.chat.history.wait_for(EventKind.APP_LEFT, lambda e: e["request"] == socket_id, deadline_s=LEFT_WITHIN_S)
    if left := crowd.wait_members_left(before):
        crowd.fail(
            "cut-while-speaking",
            wanted=f"{what}: no group holds its socket any more",
            saw=f"Valkey still lists members in {len(left)} groups",
        )


@needs("test_both_processes_name_the_same_users")
def test_the_survivor_names_the_living(chat: Chat, crowd: Crowd) -> None:
    """After one process is killed, the other comes to name exactly those who are alive, and they talk on."""
    deck, hold = crowd.room("deck"), crowd.room("hold")
    ada = crowd.enter(chat.one, "ada", deck, hold)
    dot = crowd.enter(chat.one, "dot", hold, deck)
    joined_at = chat.history.now()
    lost = [crowd.enter(chat.two, user, deck) for user in ("ada", "bo", "cy")]
    cy = lost[-1].user
    expect_users(
        crowd, [ada], deck, sorted({ada.user, dot.user, *(each.user for each in lost)}), "four users have joined"
    )
    chat.two.process.kill(DEATH_DEADLINE_S)
    for chatter in lost:
        chatter.socket.wait_closed()
    bo = crowd.enter(chat.one, "bo", deck)  # its client reconnects
    living = sorted((ada.user, bo.user, dot.user))
    users = crowd.wait_who(ada, deck, living)
    wanted = f"{cy}'s process is dead: PRESENCE_SECONDS later `who` names {living}"
    saw = f"`who` names {users}; the check has asked for {crowd.patience}"
    if cy in users:
        fail_as_zombies(crowd, cy, dot.user, wanted, saw)
    if {ada.user, dot.user} - set(users):
        fail_as_forgotten(crowd, wanted, saw)
    if users != living:
        crowd.fail("who-wrong", wanted=wanted, saw=saw, room=deck)
    users_in = {deck: living, hold: sorted((ada.user, dot.user))}
    expect_still_named(crowd, ada, users_in, joined_at=joined_at, outlived=OUTLIVED)
    text = crowd.text("who is left?")
    ada.say(deck, text)
    expect_heard(crowd, dot, wait_bare_until(dot, text), [message(deck, ada.user, text)])
