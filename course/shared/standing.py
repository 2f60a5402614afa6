"""What a standing stack tells `learn run`, a line of JSON each, and back. `learn run --json` prints the same.

The shapes:

    {"event": "up", "sites": [["shop", "http://127.0.0.1:20123"]], "gate": "http://...", "page": "http://...",
     "variables": {"DATABASE_PATH": "..."}, "ports": {"shop": 20123}}
    {"event": "said", "name": "shop", "line": "..."}
    {"event": "ended", "name": "shop", "returncode": 3}
    {"event": "trouble", "wrong": "...", "remedy": "...", "status": 1}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from course.errors import CourseBug
from course.model import ExitStatus

FIRST_PORT = 8000  # where the first site stands, as lessons have it, and the next ones after it: when it is free


@dataclass(frozen=True, slots=True)
class Up:
    """All has been started: each site by its name, with its URL. What it was given besides is in `variables`.

    `gate` plays what the sites wait for, and `page` is where it is opened; both "" where nobody waits for it. `ports`
    are to be handed to the next one, so that it stands where this one stood.
    """

    sites: tuple[tuple[str, str], ...]
    gate: str = ""
    page: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a program's output, fit for a terminal."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A program has ended by itself; a negative code is the signal that ended it."""

    name: str
    returncode: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """The stack does not stand, and why. `status` tells whose fault it is, as an exit status does."""

    wrong: str
    remedy: str = ""
    status: int = ExitStatus.NOT_YET


StandEvent: TypeAlias = Up | Said | Ended | Trouble

_NAMES: dict[type[StandEvent], str] = {Up: "up", Said: "said", Ended: "ended", Trouble: "trouble"}
_KINDS = {name: kind for kind, name in _NAMES.items()}


def to_line(event: StandEvent) -> str:
    """One line of JSON in ASCII, without its line end."""
    return json.dumps({"event": _NAMES[type(event)], **asdict(event)}, separators=(",", ":"))


def from_line(line: str) -> StandEvent:
    """The event of one line. Raises CourseBug on anything else."""
    try:
        body: dict[str, Any] = json.loads(line)
        kind = _KINDS[body.pop("event")]
        if kind is Up:
            body["sites"] = tuple((str(name), str(url)) for name, url in body["sites"])
        event: StandEvent = kind(**body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseBug(f"the stack sent a line that is no event ({error}): {line[:200]!r}") from error
    return event
