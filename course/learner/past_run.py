"""A run that has ended: its verdict, its folder, and how to repeat what it sent by hand. Reads; runs nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from course.errors import UsageError
from course.grading import checking
from course.learner import situation
from course.learner.situation import Situation
from course.model import Exercise, Verdict

HTTP = "http://127.0.0.1:8000"
WEBSOCKET = "ws://127.0.0.1:8000"
SHOWN_COMMANDS = 12
SHOWN_FRAMES = 3  # of a socket, to be typed into it
FIRST_REQUEST = "first request"  # is anybody there? (Site.expect_ready)
LAB = "/lab/"  # pages of an app that the checks bring along: there are none in the learner's project


@dataclass(frozen=True, slots=True)
class PastRun:
    """What `learn show` draws. `commands` repeat probes on a server at port 8000; `logs` lie in `folder`.

    The probes are those of the check that failed first, or of the whole run; `more_commands` were left out.
    """

    exercise: Exercise
    verdict: Verdict
    commands: tuple[str, ...]
    more_commands: int
    folder: str
    logs: tuple[str, ...]


def read(here: Situation, exercise: Exercise, number: str | None = None) -> PastRun:
    """The run of this number, or the last one. Raises UsageError where there is none."""
    folder, verdict = _found(here, exercise, number)
    logs = tuple(sorted(path.name for path in folder.glob("*.log") if path.stat().st_size))
    history = folder / "history.jsonl"
    failure = verdict.first_failure
    # A check may judge what earlier ones have sent, and send nothing itself.
    of_failure = tuple(_commands(history, failure.id)) if failure else ()
    commands = of_failure or tuple(_commands(history))
    shown = _varied(commands)
    return PastRun(exercise, verdict, shown, len(commands) - len(shown), situation.from_here(folder), logs)


def _found(here: Situation, exercise: Exercise, number: str | None) -> tuple[Path, Verdict]:
    runs = here.workspace.runs(exercise.path)
    kept = sorted(path for path in runs.glob("[0-9]*") if path.is_dir()) if runs.is_dir() else []
    judged = [(path, verdict) for path in kept if (verdict := checking.read_verdict(path)) is not None]
    if not judged:
        raise UsageError(f"no run of {exercise.name} has come to a verdict yet.", "`learn check` grades it.")
    if number is None:
        return judged[-1]
    for path, verdict in judged:
        if path.name == number.zfill(4):
            return path, verdict
    names = ", ".join(path.name for path, _ in judged)
    raise UsageError(f"{exercise.name} has no run {number} with a verdict.", f"It has these: {names}.")


def _commands(history: Path, check: str = "") -> Iterator[str]:
    """One line for each different probe of a check (of all, without one), in the order of their first sending.

    Under a socket's line stand its first frames, each to be typed into it.
    """
    events = list(_of_check(history, check))
    statuses = {event.get("request"): event.get("status") for event in events if "status" in event}
    seen = set()
    for event in events:
        match event:
            case {"kind": "request.sent", "label": label, "request": request} if (label, statuses.get(request)) == (
                FIRST_REQUEST,
                404,
            ):
                continue  # a project need not have a page there
            case {"kind": "request.sent", "method": str(method), "path": str(path)} if not path.startswith(LAB):
                line = command = _curl(method, path, event)
            case {"kind": "socket.opening", "url": str(url)}:
                parts = urlsplit(url)
                line = f"python -m websockets '{WEBSOCKET}{parts.path}{'?' + parts.query if parts.query else ''}'"
                command = "\n".join([line, *(f"  {frame}" for frame in _frames(events, event.get("socket")))])
            case _:
                continue
        if line not in seen:
            seen.add(line)
            yield command


def _of_check(history: Path, check: str) -> Iterator[dict[str, Any]]:
    at = ""
    for event in _events(history):
        if event.get("kind") == "check.started":
            at = event.get("check", "")
        if not check or at == check:
            yield event


def _frames(events: Sequence[Mapping[str, Any]], socket: object) -> list[str]:
    sent = [str(e["frame"]) for e in events if e.get("kind") == "socket.sent" and e.get("socket") == socket]
    return sent[:SHOWN_FRAMES]


def _varied(commands: Sequence[str]) -> tuple[str, ...]:
    """As many as are shown: first one for each page and each kind of request, then those that were sent first."""
    kinds: dict[tuple[str, ...], int] = {}
    for at, command in enumerate(commands):
        kinds.setdefault(_kind(command), at)
    rest = (at for at in range(len(commands)) if at not in kinds.values())
    return tuple(commands[at] for at in sorted([*kinds.values(), *rest][:SHOWN_COMMANDS]))


def _kind(command: str) -> tuple[str, ...]:
    line = command.partition("\n")[0]
    words, _, path = line.rpartition(" '")
    return (
        *words.split(" ")[:3],
        path.removeprefix(HTTP).removeprefix(WEBSOCKET).strip("'").split("/")[1].partition("?")[0],
    )


def _curl(method: str, path: str, event: Mapping[str, Any]) -> str:
    headers = event.get("headers")
    words = ["curl -iN" if event.get("streamed") else "curl -i"]
    if method == "HEAD":
        words = ["curl -I"]
    elif method != ("POST" if "body" in event else "GET"):
        words.append(f"-X {method}")
    words += (f"-H {shlex.quote(f'{name}: {value}')}" for name, value in (headers or {}).items())
    if "body" in event:
        words.append(f"-d {shlex.quote(str(event['body']))}")
    return " ".join([*words, f"'{HTTP}{path}'"])


def _events(history: Path) -> Iterator[dict[str, Any]]:
    with suppress(OSError):
        for line in history.read_text(encoding="utf-8", errors="replace").splitlines():
            # The last line may be half-written, when the run was cut short.
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event
