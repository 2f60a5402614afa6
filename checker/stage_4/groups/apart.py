"""Two rooms of near titles that seem to be one: shown once more with a socket of its own, for the picture."""

from __future__ import annotations

from typing import NoReturn

from checker.stage_4.groups import places
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.frames import shown_pair


def expect_heard_apart(crowd: Crowd, speaker: Chatter, one: str, other: str) -> None:
    """What is said in the first of these two rooms is not heard by who has joined the second alone."""
    witness = crowd.enter(crowd.chat.two, "cy", other)
    shown_one, shown_other = shown_pair(one, other)
    text = f"said in {shown_one}"
    speaker.say(one, text)
    if any(frame.get("text") == text for frame in witness.wait_heard(text)):
        saw = f"{speaker.name} spoke in {shown_one}, and {witness.name}, who has joined {shown_other} alone, heard it"
        _fail_as_one_room(crowd, shown_one, shown_other, saw)


def expect_named_apart(crowd: Crowd, asker: Chatter, one: str, other: str) -> None:
    """Who has joined the second of these two rooms alone is not named by `who` of the first."""
    witness = crowd.enter(crowd.chat.two, "cy", other)
    shown_one, shown_other = shown_pair(one, other)
    users = crowd.ask_who(asker, one)
    if witness.user in users:
        saw = f"{witness.name} has joined {shown_other} alone, and `who` of {shown_one} names {users}"
        _fail_as_one_room(crowd, shown_one, shown_other, saw)


def _fail_as_one_room(crowd: Crowd, one: str, other: str, saw: str) -> NoReturn:
    shared = places.shared_by_sockets(crowd.project)
    crowd.fail(
        "titles-collide",
        wanted=f"{one} and {other} are the titles of two rooms",
        saw=f"{saw}{places.told(shared)}",
        where=shared or places.tidied(crowd.project),
        one=one,
        other=other,
    )
