"""Addresses as a run draws them: those that somebody serves, those that nobody serves, and those that nearly are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from string import ascii_letters, ascii_lowercase, digits
from typing import Any

# As in the middle of a tenant's name.
NOT_IN_A_NAME = [".", "~", "+", ":", ";", " ", "é", "ß", "д", "٣", "%61"]
NO_ID = ["-{}", "+{}", "{}.0", "{}x", "x{}", "1_{}", "٣", "²", " {}"]


@dataclass(frozen=True, slots=True)
class Address:
    """One that somebody serves: by this consumer, with these keyword arguments."""

    path: str
    consumer: str
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Miss:
    """One that nobody serves, and what is wrong with it."""

    path: str
    part: str  # of an address: "tenant", "id", "beginning", "end"
    why: str


def room(tenant: str, number: str | int) -> Address:
    """A tenant's room; its number may have zeros in front."""
    return Address(f"/ws/{tenant}/rooms/{number}/", "RoomConsumer", {"tenant": tenant, "id": int(number)})


def feed(tenant: str) -> Address:
    """A tenant's feed."""
    return Address(f"/ws/{tenant}/feed/", "FeedConsumer", {"tenant": tenant})


def word(random: Random) -> str:
    """Six letters that are no name of this exercise."""
    return "".join(random.choices(ascii_lowercase, k=6))


def ordinary(random: Random) -> list[Address]:
    """Of two tenants. The second's name is long enough for a pattern that tries all ways to divide it."""
    first, second = word(random), word(random) * 4
    return [room(first, random.randrange(1, 100)), feed(first), room(second, random.randrange(100, 1000)), feed(second)]


def peculiar(random: Random) -> list[Address]:
    """Of tenants called like a part of the path or a number, the shortest and a long one; of rooms with odd numbers."""
    name = word(random)
    number = random.randrange(10, 100)
    dashed, underlined = f"{name}-{number}", f"{name[:3].upper()}_{name[3:]}"
    return [
        room(dashed, 0),
        feed(dashed),
        room(underlined, f"00{number}"),
        feed(underlined),
        room(f"0{number}", number),
        feed(f"0{number}"),
        feed(random.choice(ascii_letters)),
        feed(f"-{name}_"),
        room(f"_{name}-", random.randrange(10**17, 10**18)),
        feed(name.upper()),
        feed("".join(random.choices(ascii_letters + digits + "-_", k=80))),
        room("rooms", 10**17 + number),
        feed("rooms"),
        room("feed", 1),
        feed("feed"),
        feed("ws"),
    ]


def unknown(random: Random) -> list[str]:
    """Nobody's: at each level of the routes, and of HTTP; long ones, and a deep one."""
    name, tenant = word(random), word(random)
    return [
        "/",
        f"/{name}/",
        f"/{name}/{tenant}/feed/",
        "/ws/",
        f"/ws/{tenant}/",
        f"/ws/{tenant}/{name}/",
        f"/ws/{tenant}/rooms/",
        f"/longpoll/{random.randrange(1, 100)}/",
        "/health/",
        f"/ws/{name}{tenant}{name}{tenant}",  # long enough for a pattern that tries all ways to divide it
        f"/{name * 70}/",
        f"/{f'{name}/' * 9}",
    ]


def misses(random: Random) -> Iterator[Miss]:
    """Each nearly an address."""
    name, other = word(random), word(random)
    number = random.randrange(1, 100)
    rooms = f"/ws/{name}/rooms"
    yield Miss(f"/ws/{name}/feed", "end", "the last slash is missing")
    yield Miss(f"{rooms}/{number}", "end", "the last slash is missing")
    yield Miss(f"/ws/{name}/feed{other}/", "end", f"the address goes on, with {other!r}")
    yield Miss(f"/ws/{name}/feed/{other}/", "end", f"the address goes on, with {other!r}")
    yield Miss(f"{rooms}/{number}/{other}/", "end", f"the address goes on, with {other!r}")
    yield Miss(f"{rooms}/{number}/\n", "end", "a line feed stands at its end")
    yield Miss(f"/ws/{name}/feed/\n", "end", "a line feed stands at its end")
    yield Miss(f"/{other}/ws/{name}/feed/", "beginning", f"{other!r} stands before it")
    yield Miss(f"/{other}ws/{name}/rooms/{number}/", "beginning", f"{other!r} stands before it")
    yield Miss(f"/ws/{name}/{other}/feed/", "end", f"{other!r} stands in it")
    yield Miss(f"/ws/{name}/{other}rooms/{number}/", "end", f"{other!r} stands in it")
    yield Miss(f"/WS/{name}/feed/", "beginning", "`WS` is not `ws`")
    yield Miss(f"/ws/{name}/Rooms/{number}/", "end", "`Rooms` is not `rooms`")
    yield Miss(f"/ws/{name}/FEED/", "end", "`FEED` is not `feed`")
    yield Miss("/ws/feed/", "tenant", "it has no tenant")
    yield Miss(f"/ws/./{name}/feed/", "beginning", "`.` stands in it")
    yield Miss(f"/ws/{other}/../{name}/feed/", "tenant", f"`{other}/..` stands in it")
    yield Miss(f"/ws/{name}/feed/;{other}", "end", f"`;{other}` stands behind it")
    for sign in NOT_IN_A_NAME:
        tenant = f"{name[:3]}{sign}{name[3:]}"
        for address in (feed(tenant), room(tenant, number)):
            yield Miss(address.path, "tenant", f"{sign!r} is no character of a tenant's name")
    for form in NO_ID:
        number_like = form.format(number)
        yield Miss(f"{rooms}/{number_like}/", "id", f"{number_like!r} is not digits from 0 to 9 alone")


def twice(root: str, random: Random) -> list[str]:
    """Nobody's where the tower is mounted below `root`: below it once more, whole or in part."""
    name, part = word(random), root[root.rindex("/") :]
    return [prefix + address.path for prefix in (root, part) for address in (feed(name), room(name, 1))]


def pages(random: Random, root: str = "") -> list[tuple[str, str, str]]:
    """What Django does not find either: (method, path, query); below `root`, where the tower is mounted, once more."""
    name, number = word(random), random.randrange(1, 100)
    polls = "/longpoll"
    paths = [
        *([f"{root}{polls}/{number}/"] if root else []),
        f"{polls}/",
        f"{polls}/{name}/",
        *(f"{polls}/{form.format(number)}/" for form in NO_ID),
        f"{polls}/%37/",
        f"{polls}/{number}",
        f"{polls}/{number}/{name}/",
        f"{polls}/{number}/\n",
        f"{polls}/{number}/;{name}",
        f"{polls}/./{number}/",
        f"/{name}{polls}/{number}/",
        f"/LongPoll/{number}/",
        feed(name).path,
        room(name, number).path,
    ]
    return [("PUT", f"/{name}/", f"{name}={number}"), *(("GET", path, "") for path in paths)]
