"""One socket in a room of the station: it speaks, and hears all that is said and announced there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from checker.harness.server import Server
from checker.stage_4.channel_layers import trouble

Frame = dict[str, Any]

HEARD_WITHIN_S = 10.0
LONGEST_SHOWN = 60


class Board:
    """Open when it is made: an opening that fails ends the check."""

    def __init__(self, server: Server, room: str, *, label: str = "") -> None:
        self.server = server
        self.room = room
        place = server.name.removeprefix("uvicorn-")
        self.name = label or f"a socket in process {place}"
        wanted = f"a socket opens in {server.name}"
        self.opened_at = server.run.history.now()
        self.socket = server.websocket(f"/ws/?room={quote(room)}", label=label or f"in {place}")
        self.id = self.socket.id
        if self.socket.refused is not None:
            trouble.fail_as_refused(server, self.socket, wanted)
        if not isinstance(joined := self.socket.receive(HEARD_WITHIN_S), dict) or "joined" not in joined:
            trouble.judge_error(server, wanted, "it was closed", request=self.id)
            trouble.fail_as_refused(server, self.socket, wanted)
        self._unread: list[Frame] = []

    def say(self, text: str) -> None:
        """The whole room hears it, this socket too."""
        self.socket.send({"say": text})

    def wait_heard(self, text: str, within_s: float = HEARD_WITHIN_S) -> list[Frame]:
        """What it hears up to and with the frame of this text; all there was when it does not come."""
        return self.socket.receive_until(lambda frame: text in _texts(frame), within_s)

    @property
    def silence(self) -> str:
        """Why there was no frame."""
        code = self.socket.close_code
        return "its socket is open, and silent" if code is None else f"its socket was closed ({code})"


def group_of(room: str) -> str:
    """The group of a room, as the given station/rooms.py names it."""
    return f"room.{sha256(room.encode()).hexdigest()}"


def said(room: str, text: str) -> Frame:
    """What a room hears of a socket's word."""
    return {"room": room, "said": text}


def announced(room: str, text: str) -> Frame:
    """What it hears of an announcement, but for the time."""
    return {"room": room, "announcement": text}


def without_time(frames: list[Frame]) -> list[Frame]:
    """The frames as `said` and `announced` have them."""
    return [{key: value for key, value in frame.items() if key != "at"} for frame in frames]


def moment(frame: Frame) -> datetime | None:
    """When the announcement was made, by its own word; None where that is no time with an offset."""
    try:
        at = datetime.fromisoformat(frame["at"])
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def shown(frames: list[Frame]) -> str:
    """Frames as a finding shows them."""
    return ", ".join(_short(json.dumps(frame, ensure_ascii=False)) for frame in frames) or "nothing"


def _texts(frame: Any) -> list[Any]:
    return [frame.get("said"), frame.get("announcement")] if isinstance(frame, dict) else []


def _short(text: str) -> str:
    return text if len(text) <= 3 * LONGEST_SHOWN else f"{text[: 2 * LONGEST_SHOWN]}...{text[-LONGEST_SHOWN:]}"
