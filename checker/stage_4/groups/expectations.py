"""What more than one chat check expects, and how it is said when that is not so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from checker.harness.waiting import wait_until
from checker.stage_4.groups import places
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.crowd import MOST_ASKING_S, Crowd
from checker.stage_4.groups.frames import Frame, altered, bare, message, never_heard, shown

# The share of answers that may leave out somebody who is there.
MOST_FORGOTTEN = 0.2


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
        saw = f"the answer was {shown([answer])}; {listener.name} in the room heard {shown(heard)}"
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
        crowd.fail(
            code,
            wanted=f"{situation}: `who` names {list(users)} in both processes",
            saw=f"{told}; the check has asked for {crowd.patience}",
            where=places.kept_in_memory(crowd.project) if code == "who-differs" else None,
            room=room,
        )


def expect_gone(crowd: Crowd, users: Sequence[str], room: str, askers: Sequence[Chatter], *, for_s: float) -> None:
    """Ask until nobody has been told of these for so long on end; being told at the deadline ends the check.

    A renewal that was on its way may show a user once more. One that never ends lets no such time go by. The askers are
    in the room: meanwhile they are named, but for moments when a busy machine renews late.
    """
    living = {asker.user for asker in askers}
    asked, forgotten = 0, 0
    started_at = crowd.chat.history.now()
    gone_since: float | None = None
    returned: set[str] = set()

    def have_been_gone() -> bool:
        nonlocal asked, forgotten, gone_since
        asked_at = crowd.chat.history.now()
        answers = {asker.name: crowd.ask_who(asker, room) for asker in askers}
        there = {user for named in answers.values() for user in named} & set(users)
        asked += 1
        forgotten += any(living - set(named) for named in answers.values())
        if not there:
            gone_since = gone_since or crowd.chat.history.now()
            return asked_at >= gone_since + for_s
        if asked_at >= started_at + crowd.patience_s:
            _fail_as_listed(crowd, answers, there, returned)
        returned.update(there if gone_since is not None else ())
        gone_since = None
        return False

    wait_until(have_been_gone, MOST_ASKING_S)
    if forgotten > MOST_FORGOTTEN * asked:
        crowd.fail_as(
            "living-forgotten",
            wanted=f"{' and '.join(sorted(living))} stay in the room: `who` names them all the time",
            saw=f"{forgotten} of {asked} times, over {crowd.chat.history.now() - started_at:.1f} s, `who` left one out",
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
    if not crowd.chat.store.has_readers():
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
