"""Presence that ends too early, or never: what `who` then names, and what Valkey knows of the leases."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from checker.harness.waiting import wait_until
from checker.stage_4.groups import places
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import MOST_ASKING_S, Crowd

# The share of answers that may leave out somebody who is there, and how many there must be before one counts: a roll
# call takes its time, and on a busy machine one of the first four may miss a voice.
MOST_FORGOTTEN = 0.2
FEWEST_ASKED = 10
# In PRESENCE_SECONDS: by then a lease that nobody has renewed is over.
OUTLIVED = 1.2
# The same of a lease that was rounded up to a whole second; and whoever renews one has done so, on a busy machine too.
LONG_OUTLIVED = 1.5


class Residents:
    """Two users in both processes who have joined two rooms each, and are given up by nobody but their own sockets."""

    def __init__(self, crowd: Crowd) -> None:
        chat, self.crowd = crowd.chat, crowd
        rooms = crowd.room("attic"), crowd.room("cellar")
        users = sorted(
            crowd.enter(server, name, *rooms).user for server, name in ((chat.one, "flo"), (chat.two, "kit"))
        )
        self.users_in = dict.fromkeys(rooms, users)
        self.joined_at = chat.history.now()


def expect_still_named(
    crowd: Crowd, asker: Chatter, users_in: Mapping[str, Sequence[str]], *, joined_at: float, outlived: float
) -> None:
    """In each of these rooms exactly these users are named, longer after they joined than a lease lasts.

    `outlived` is how much longer at least, in PRESENCE_SECONDS.
    """
    # Nobody has renewed anything for them but their own sockets.
    threading.Event().wait(max(0.0, joined_at + outlived * crowd.chat.presence_s - crowd.chat.history.now()))
    outlived_s = crowd.chat.history.now() - joined_at
    for room, users in users_in.items():
        if (named := crowd.wait_who(asker, room, users)) == list(users):
            continue
        wanted = f"{outlived_s:.1f} s after they joined {room!r}, `who` still names {list(users)}"
        saw = f"`who` names {named}; the check has asked for {crowd.patience}"
        if set(users) - set(named):
            fail_as_forgotten(crowd, wanted, saw)
        crowd.fail("who-wrong", wanted=wanted, saw=saw, room=room)


def expect_gone(crowd: Crowd, users: Sequence[str], room: str, askers: Sequence[Chatter]) -> None:
    """Ask until nobody has been told of these for longer than a lease; being told at the deadline ends the check.

    A renewal that was on its way may show a user once more. One that never ends lets no such time go by. The askers are
    in the room: meanwhile they are named, but for moments when a busy machine renews late.
    """
    for_s = LONG_OUTLIVED * crowd.chat.presence_s
    living = {asker.user for asker in askers}
    asked, forgotten, empty = 0, 0, 0
    started_at = crowd.chat.history.now()
    gone_since: float | None = None
    returned: set[str] = set()

    def have_been_gone() -> bool:
        nonlocal asked, forgotten, empty, gone_since
        asked_at = crowd.chat.history.now()
        answers = {asker.name: crowd.ask_who(asker, room) for asker in askers}
        there = {user for named in answers.values() for user in named} & set(users)
        asked += 1
        forgotten += any(living - set(named) for named in answers.values())
        empty += not any(answers.values())
        if not there:
            gone_since = gone_since or crowd.chat.history.now()
            return asked_at >= gone_since + for_s and (not forgotten or asked >= FEWEST_ASKED)
        if asked_at >= started_at + crowd.patience_s:
            _fail_as_listed(crowd, answers, there, returned)
        returned.update(there if gone_since is not None else ())
        gone_since = None
        return False

    wait_until(have_been_gone, MOST_ASKING_S)
    if forgotten > MOST_FORGOTTEN * asked:
        fail_as_forgotten(
            crowd,
            f"{' and '.join(sorted(living))} stay in the room: `who` names them all the time",
            f"{forgotten} of {asked} times, over {crowd.chat.history.now() - started_at:.1f} s, `who` left one out"
            + (f"; {empty} of {asked} times it named nobody" if empty else ""),
            may_have_raised=True,  # as long as nothing stays behind
        )


def _fail_as_listed(
    crowd: Crowd, answers: Mapping[str, list[str]], there: AbstractSet[str], returned: AbstractSet[str]
) -> NoReturn:
    told = "; ".join(f"{name} is told {named}" for name, named in answers.items())
    saw = f"{told}, after {crowd.patience_s:.1f} s of asking"
    saw += f"\n{', '.join(sorted(returned))} had been gone, and came back" if returned else ""
    gone = " and ".join(sorted(there))
    wanted = f"the client of {gone} vanished while the server spoke to it: `who` names it no more, and never again"
    # Not crowd.fail: a consumer may end with an error, as long as nothing stays behind.
    crowd.fail_as("listed-after-vanishing", wanted=wanted, saw=saw, user=min(there))


def fail_as_forgotten(crowd: Crowd, wanted: str, saw: str, *, may_have_raised: bool = False) -> NoReturn:
    """End the check: somebody who is there is no longer named. Where consumers may have raised, that is not told."""
    expired = expiries(crowd)
    where = places.never_renewed(crowd.project) if expired else None
    end = crowd.fail_as if may_have_raised else crowd.fail
    end("living-forgotten", wanted=wanted, saw=saw + expired, where=where)


def fail_as_zombies(crowd: Crowd, dead: str, living: str, wanted: str, saw: str) -> NoReturn:
    """End the check: a user whose process is dead is still named."""
    where = places.kept_for_good(crowd.project)
    shared = None if places.drops_by_age(crowd.project) else crowd.chat.store.shared_expiry(dead, living)
    if shared is not None:
        key, left_s = shared
        saw += f"\nValkey keeps {dead} beside {living} under one key, {key!r}, which ends in {left_s:.1f} s:"
        saw += " each renewal by the living puts that off for the dead too"
        where = where or places.expiry(crowd.project)
    crowd.fail("zombies", wanted=wanted, saw=saw, where=where)


def expiries(crowd: Crowd) -> str:
    """What a finding says of the keys whose expiry was over during this check; nothing where none was."""
    count = crowd.chat.store.expired() - crowd.expired_before
    return f"\nkeys that expired in Valkey meanwhile, since nobody renewed them: {count}" if count > 0 else ""
