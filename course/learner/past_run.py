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

from course.content import catalogue
from course.content.places import Places
from course.errors import UsageError
from course.grading import verdicts
from course.learner import situation, workspace
from course.learner.situation import Situation
from course.model import Exercise, Outcome, Verdict

HTTP = "http://127.0.0.1:8000"
WEBSOCKET = "ws://127.0.0.1:8000"
BY_HAND = "learn run -- "  # whose `python` has what the course installs
SHOWN_COMMANDS = 12
VERDICT = "verdict.json"
HISTORY = "history.jsonl"
SHOWN_FRAMES = 3  # of a socket, to be typed into it
FIRST_REQUEST = "first request"  # is anybody there? (Site.expect_ready)
LAB = "/lab/"  # pages of an app that the checks bring along: there are none in the learner's project


@dataclass(frozen=True, slots=True)
class PastRun:
    """What `learn show` draws. `commands` repeat probes beside `learn run`, at port 8000; `logs` lie in `folder`.

    The probes are those of the check that failed first, or of the whole run; `more_commands` were left out. `seed` is
    what the run drew its names and values from, where it drew any.
    """

    exercise: Exercise
    verdict: Verdict
    commands: tuple[str, ...]
    more_commands: int
    folder: str
    logs: tuple[str, ...]
    seed: int | None = None

    @property
    def record(self) -> str:
        """The file that has every request and message of the run."""
        return f"{self.folder}/{HISTORY}"


def folder_named(word: str | None) -> Path | None:
    """The run's folder that this word is the path of, as one that `learn dev check` has kept; None for another word."""
    return Path(word) if word and (Path(word) / VERDICT).is_file() else None


def asked(what: str | None, number: str | None) -> tuple[str | None, str | None]:
    """(exercise, run's number) of the two words of `learn show`; a name is never taken for a number."""
    if what is None or not what.isdecimal():
        return what, number
    if number is not None:
        raise UsageError(f"{what} and {number} are two numbers of runs.", "The exercise comes first, then one number.")
    return None, what


def read(here: Situation, exercise: Exercise, number: str | None = None) -> PastRun:
    """The run of this number, or the last one. Raises UsageError where there is none."""
    folder, verdict = _found(here, exercise, number)
    return _read(folder, exercise, verdict)


def read_folder(folder: Path, places: Places | None = None) -> PastRun:
    """The run in this folder, of whatever exercise. Raises UsageError where its verdict cannot be read."""
    verdict = verdicts.read(folder)
    if verdict is None:
        raise UsageError(
            f"{folder / VERDICT} is no verdict that this `learn` can read.", "`learn check` makes another."
        )
    return _read(folder, catalogue.find(catalogue.read(places), verdict.exercise), verdict)


def last_verdict(here: Situation, exercise: Exercise) -> Verdict | None:
    """What its last run came to; None where no run has come to a verdict."""
    return next((verdict for _, verdict in reversed(_judged(here, exercise))), None)


def _read(folder: Path, exercise: Exercise, verdict: Verdict) -> PastRun:
    logs = tuple(sorted(path.name for path in folder.glob("*.log") if path.stat().st_size))
    history = folder / HISTORY
    failure = verdict.first_failure
    # A check may judge what earlier ones have sent, and send nothing itself.
    of_failure = tuple(_commands(history, failure.id)) if failure else ()
    commands = of_failure or tuple(_commands(history))
    shown = _varied(commands)
    more, at = len(commands) - len(shown), situation.from_here(folder)
    return PastRun(exercise, verdict, shown, more, at, logs, _seed(history))


def _found(here: Situation, exercise: Exercise, number: str | None) -> tuple[Path, Verdict]:
    judged = _judged(here, exercise)
    if not judged:
        raise UsageError(f"no run of {exercise.name} has come to a verdict yet.", "`learn check` grades it.")
    if number is None:
        return judged[-1]
    for path, verdict in judged:
        if path.name == number.zfill(4):
            return path, verdict
    kept = workspace.kept_runs(here.workspace, exercise.path)
    killed = [f"{path.name} (killed)" for path in kept if path not in {path for path, _ in judged}]
    ended = (_listed(path, verdict) for path, verdict in judged)
    names = ", ".join(sorted([*ended, *killed]))
    raise UsageError(f"{exercise.name} has no run {number} with a verdict.", f"It has these: {names}.")


def _judged(here: Situation, exercise: Exercise) -> list[tuple[Path, Verdict]]:
    """The runs that have come to a verdict, the oldest first."""
    kept = workspace.kept_runs(here.workspace, exercise.path)
    return [(path, verdict) for path in kept if (verdict := verdicts.read(path)) is not None]


def _listed(run: Path, verdict: Verdict) -> str:
    return f"{run.name} (interrupted)" if verdict.outcome is Outcome.INTERRUPTED else run.name


def _seed(history: Path) -> int | None:
    for event in _events(history):
        match event:
            case {"kind": "seed.drawn", "seed": int(seed)}:
                return seed
    return None


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
                line = (
                    f"{BY_HAND}python -m websockets '{WEBSOCKET}{parts.path}{'?' + parts.query if parts.query else ''}'"
                )
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
