"""What is left behind of pages that were asked again and again: connections and threads of the process, and keys."""

from __future__ import annotations

from typing import NoReturn

import psutil

from checker.harness.findings import Inconclusive, fail
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places
from checker.stage_4.channel_layers.station import expect_posted, send_post
from checker.stage_4.channel_layers.ward import SETTLED_WITHIN_S, TOGETHER, Ward

# A pool grows until it has a connection for each of those who ask together: by more than half of them, that is once.
ROUNDS = 2


def keys(ward: Ward) -> dict[str, int]:
    """What Valkey keeps: each key, with the bytes that it takes.

    Mailboxes are left out: a message that nobody has taken is another check's.
    """
    names: list[str] = [key for key in ward.valkey.command("KEYS", "*") if "!" not in key]
    return {key: int(ward.valkey.command("MEMORY", "USAGE", key, "SAMPLES", 0) or 0) for key in names}


def expired(ward: Ward) -> int:
    """How many keys it has dropped so far since their time was over."""
    return int(ward.valkey.command("INFO", "stats")["expired_keys"])


def subscriptions(ward: Ward) -> dict[str, int]:
    """The channels that somebody listens to."""
    return {"subscriptions": len(ward.valkey.command("PUBSUB CHANNELS"))}


def held(ward: Ward) -> dict[str, int]:
    """What the process keeps open: descriptors (its connections) but for those of its visitors, and threads."""
    process = psutil.Process(ward.server.pid)
    visitors, descriptors = -1, 0
    # Those of a moment ago go one by one: until none has gone in between.
    while visitors != (visitors := ward.server.visitors()):
        descriptors = process.num_fds()
    return {"connections": descriptors - visitors, "threads": process.num_threads()}


def expect_nothing_held(ward: Ward, before: dict[str, int], when: str) -> None:
    """What has grown by more than half of the asks goes on growing."""
    if left := _grown(ward, before):
        _fail_as_held(ward, left, f"asked {TOGETHER} times {when}, /healthz/", places.LEAKS)


def expect_posts_hold_nothing(ward: Ward, room: str) -> None:
    """So it is of announcements; the first ten have made what those after them use."""
    left: dict[str, int] = {}
    for number in range(1 + ROUNDS):
        before = {"connections": held(ward)["connections"]}
        posts = [send_post(ward.server, room, "again and again") for _ in range(TOGETHER)]
        for post in posts:
            expect_posted(ward.server, post)
        if number and not (left := _grown(ward, before)):
            return
    _fail_as_held(ward, left, f"asked {TOGETHER} times, and again, POST /api/announce/", places.LEAKING_SENDS)


def expect_nothing_kept(ward: Ward, before: dict[str, int], expired_before: int, unwell: int) -> None:
    """Valkey has no key that it had not before the first ask, and none has grown; nor had it one that has expired.

    An ask that the machine was too slow for may have left one, which nobody can tell from others.
    """

    def grown() -> list[str]:
        return [key for key, size in keys(ward).items() if size > before.get(key, 0)]

    left = grown()
    wait_until(lambda: not grown(), SETTLED_WITHIN_S)
    if grown() or expired(ward) > expired_before:
        if unwell:
            raise Inconclusive(f"{unwell} of those who asked were told 503, and a key was left")
        wanted = "asked again and again while all is well, /healthz/ leaves no keys in Valkey, not even for a while"
        names = ", ".join((grown() or left)[:2]) or "a key that has expired meanwhile"
        saw = f"more than before the first time: {names}"
        where = places.line(ward.server.run, *places.WRITES, *places.LEAKS)
        fail("health-leaks", wanted=wanted, saw=saw, where=where, facts={"what": "keys"})


def _grown(ward: Ward, before: dict[str, int]) -> dict[str, int]:
    """What has grown by more than half of those who ask together, and stays so."""

    def grown() -> dict[str, int]:
        counts = {**held(ward), **(subscriptions(ward) if "subscriptions" in before else {})}
        return {name: counts[name] - n for name, n in before.items() if counts[name] - n > TOGETHER // 2}

    wait_until(lambda: not grown(), SETTLED_WITHIN_S)
    return grown()


def _fail_as_held(ward: Ward, left: dict[str, int], asked: str, patterns: tuple[str, ...]) -> NoReturn:
    told = ", ".join(f"{count} {name} more" for name, count in left.items())
    where = places.line(ward.server.run, *patterns)
    wanted, facts = f"{asked} leaves nothing behind", {"what": next(iter(left))}
    fail("health-leaks", wanted=wanted, saw=f"{told} than before", where=where, facts=facts)
