"""An event stream, read as a browser reads it: complete blocks only, and one without data is none.

By https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

# A line ends with CR LF, LF or CR. Unlike str.splitlines(), which knows eleven endings, the standard knows no more.
_LINE_END = re.compile(r"\r\n|\n|\r")
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Told:
    """One dispatched event. `id` is the last one set, as the standard has it."""

    id: str
    kind: str
    data: str

    @property
    def fields(self) -> dict[str, Any]:
        """The data as a JSON object; empty when it is none."""
        try:
            body = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}


def events_in(body: bytes) -> list[Told]:
    """The events that these bytes have told so far. What stands after the last blank line is none yet."""
    return _read(body)[0]


def unfinished_in(body: bytes) -> list[str]:
    """The whole lines after the last blank line: of an event, when more than a comment, whose blank line is to come."""
    return [line for line in _read(body)[1] if not line.startswith(":")]


def _read(body: bytes) -> tuple[list[Told], list[str]]:
    *lines, _ = _LINE_END.split(body.decode(errors="replace").removeprefix(_MARK))
    events: list[Told] = []
    block: list[str] = []
    last_id = ""
    for line in lines:
        if line:
            block.append(line)
            continue
        fields: dict[str, list[str]] = {}
        for name, _, value in (written.partition(":") for written in block):
            fields.setdefault(name, []).append(value.removeprefix(" "))
        block = []
        # An id with a NUL in it is passed over.
        last_id = next((value for value in reversed(fields.get("id", [])) if "\0" not in value), last_id)
        if "data" in fields:
            events.append(Told(last_id, fields.get("event", [""])[-1] or "message", "\n".join(fields["data"])))
    return events, block
