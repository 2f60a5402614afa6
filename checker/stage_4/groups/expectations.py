"""What more than one chat check expects, and how it is said when that is not so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from checker.stage_4.groups import leases, places
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.frames import Frame, altered, bare, message, never_heard, shown


def expect_heard(crowd: Crowd, listener: Chatter, heard: Sequence[Frame], expected: Sequence[Frame]) -> None:
    """Exactly these, each once; in which order different speakers are heard is not promised."""
    missing = [frame for frame in expected if frame not in heard]
    judge_altered(crowd, listener, missing, heard)
    foreign = [frame for frame in heard if frame not in expected]
    doubled = [frame for frame in expected if heard.count(frame) > 1]
    if foreign:
        own = any(frame.get("from") == listener.user for frame in foreign)
        crowd.fail(
            "overheard",
            wanted=f"{listener.name} hears only what others say in the rooms it has joined",
            saw=f"{listener.name} heard {'its own message' if own else 'what is not its own'}: {shown(foreign[:2])}",
            user=listener.user,
        )
    if missing:
        crowd.miss(listener, missing)
        crowd.fail(
            "not-delivered",
            wanted=f"{listener.name} hears {shown(missing[:1])}",
            saw=f"{listener.name} {never_heard(missing, heard)}" + (f"\n{listener.silence}" if not heard else ""),
            user=listener.user,
        )
    if doubled:
        crowd.fail(
            "duplicated",
            wanted=f"{listener.name} hears {shown(doubled[:1])} once",
            saw=f"it heard it {heard.count(doubled[0])} times",
            times=heard.count(doubled[0]),
        )


def judge_altered(crowd: Crowd, listener: Chatter, missing: Sequence[Frame], heard: Sequence[Frame]) -> None:
    """End the check when one of these did come, but with other keys or values beside its text."""
    if pair := altered(missing, heard):
        wanted, frame = pair
        crowd.fail(
            "message-differs",
            wanted=f"{listener.name} hears {shown([wanted])}",
            saw=f"it heard {shown([frame])}",
            where=places.answer(crowd.project, "room", "text"),
            wrong=", ".join(f"`{key}`" for key in ("room", "from") if frame.get(key) != wanted[key]),
        )


def expect_refused(crowd: Crowd, stranger: Chatter, how: str, room: str, members: tuple[Chatter, Chatter]) -> None:
    """A socket that may not speak is told so, and nobody hears it, of these two members of the room."""
    speaker, listener = members
    psst, bell = crowd.text(f"psst from {stranger.name}"), crowd.text(f"after {stranger.name}")
    wanted = f'{stranger.name}, who {how}, is answered {{"error": ...}} and nobody hears it'
    answer = stranger.ask({"op": "say", "room": room, "text": psst}, "error", "said")
    shared = places.shared_by_sockets(crowd.project)
    if "said" in answer:
        saw = f"the answer was {shown([answer])}{places.told(shared)}"
        crowd.fail("spoke-without-joining", wanted=wanted, saw=saw, where=shared, user=stranger.user, room=room)
    speaker.say(room, bell)
    heard = wait_bare_until(listener, bell)
    if message(room, stranger.user, psst) in heard:
        said = message(room, stranger.user, psst)
        saw = f"the answer was {shown([answer])}; {listener.name} in the room heard {shown([said])}"
        crowd.fail("spoke-without-joining", wanted=wanted, saw=saw, user=stranger.user, room=room)
    expect_heard(crowd, listener, heard, [message(room, speaker.user, bell)])


def expect_users(crowd: Crowd, askers: Sequence[Chatter], room: str, users: Sequence[str], situation: str) -> None:
    """All are told these users within the promised time, and some more where the machine is slow."""
    for asker in askers:
        answer = crowd.wait_who(asker, room, users)
        if answer == list(users):
            continue
        answers = {other.name: other.ask_who(room) for other in askers}
        told = "; ".join(f"{name} is told {names}" for name, names in answers.items())
        code = "who-differs" if len({tuple(names) for names in answers.values()}) > 1 else "who-wrong"
        if all(sorted(names) == list(users) for names in (answer, *answers.values())):
            crowd.fail(
                "answer-differs",
                wanted=f"{situation}: `users` is {list(users)}, sorted as Python sorts texts",
                saw=f"{told}\nthe names are right, their order is not",
                where=places.sorting(crowd.project),
            )
        wanted = f"{situation}: `who` names {list(users)} in both processes"
        saw = f"{told}; the check has asked for {crowd.patience}"
        if leases.expiries(crowd) and not any(answers.values()):
            leases.fail_as_forgotten(crowd, wanted, saw)
        crowd.fail(
            code,
            wanted=wanted,
            saw=saw,
            where=places.kept_in_memory(crowd.project) if code == "who-differs" else None,
            room=room,
        )


def fail_as_not_crossed(
    crowd: Crowd, speakers: Sequence[Chatter], listener: Chatter, missing: Sequence[Frame], heard: Sequence[Frame]
) -> NoReturn:
    """A message did not reach the other process: which of the three usual causes it is, Valkey tells."""
    judge_altered(crowd, listener, missing, heard)
    wanted = f"{listener.name} hears what {' and '.join(speaker.name for speaker in speakers)} say in its room"
    saw = f"{listener.name} {never_heard(missing, heard)}\nboth got their acknowledgements"
    crowd.miss(listener, missing)
    if not heard:
        saw += f"\n{listener.silence}"
    if not crowd.chat.store.wait_readers():
        saw += f"\nthe Valkey at REDIS_URL saw {crowd.chat.store.commands()} commands, and no channel layer waits there"
        memory = places.only_line(crowd.project, r"\bInMemoryChannelLayer\b")
        crowd.fail("layer-not-shared", wanted=wanted, saw=saw, where=memory)
    if not crowd.chat.store.members():
        saw += "\nValkey knows of no group with a member"
        where = places.kept_in_memory(crowd.project)
        crowd.fail("kept-in-process", wanted=wanted, saw=saw, where=where, user=listener.user)
    crowd.fail("not-delivered", wanted=wanted, saw=saw, user=listener.user)


def wait_bare_until(listener: Chatter, text: str) -> list[Frame]:
    """What it hears up to this text, without keys that the contract does not name."""
    return bare(listener.wait_heard(text))
