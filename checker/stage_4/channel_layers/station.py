"""The learner's station as one deployment: two processes that hold sockets, one that does not, and the commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from unicodedata import normalize

from checker.harness import starters
from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.http import Exchange
from checker.harness.picture import Picture
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.stage_4.channel_layers import places, trouble
from checker.stage_4.channel_layers.board import Board, Frame, moment, shown, without_time
from checker.stage_4.channel_layers.monitor import Monitor
from course.model import SourceLine

COMMAND_WITHIN_S = 20.0
# How much later an announcement may come than a word that was said after it: who is told too early is another check's.
LATE_WITHIN_S = 1.0
CLOCKS = timedelta(seconds=1)  # announcements may be told in whole seconds


@dataclass(frozen=True)
class Station:
    """Two processes, the Valkey between them, and what a check tries them with."""

    one: Server
    two: Server
    valkey: Valkey
    monitor: Monitor
    environment: dict[str, str]
    run: Run
    tags: Iterator[str]
    program: starters.Program

    @property
    def servers(self) -> tuple[Server, Server]:
        """Those that hold sockets."""
        return self.one, self.two

    def room(self, name: str) -> str:
        """A room of this run, as its travellers call it."""
        return f"{name} ({next(self.tags)})"

    def text(self, words: str) -> str:
        """A text of this run, with what a text may hold."""
        return f'{words}: "{next(self.tags)}" & \\ <é> für Zürich 🚂'

    def odd_text(self, words: str) -> str:
        """One that is none of the usual: of several lines, long, decomposed, with blanks and line ends around it."""
        return f"\n  {self.text(words)}\t{normalize('NFD', 'Zürich')}\r\n\n{'Bitte  zurückbleiben! ' * 85} \n"

    def command(self, room: str, text: str, *, name: str = "announce", **changed: str) -> Program:
        """The learner's command, started; `changed` are variables of another deployment."""
        return announce_by_command(self.program, room, text, {**self.environment, **changed}, name)


@dataclass(frozen=True)
class Stranger:
    """An announcement of another deployment, on its way, and sockets that must not hear it."""

    command: Program
    boards: Sequence[Board]
    prefix: str
    text: str


def announce_by_command(
    program: starters.Program, room: str, text: str, environment: dict[str, str], name: str
) -> Program:
    """`python manage.py announce ROOM TEXT`, started."""
    return program([sys.executable, "manage.py", "announce", room, text], name=name, environment=environment)


def send_post(server: Server, room: str, text: str) -> Exchange:
    """POST /api/announce/, on its way."""
    body = json.dumps({"room": room, "text": text}).encode()
    headers = {"Content-Type": "application/json"}
    return server.send("/api/announce/", method="POST", body=body, headers=headers, label="announce")


def expect_posted(server: Server, exchange: Exchange) -> None:
    """Answered with a 2xx, or the check ends."""
    answer = exchange.wait_answer()
    if answer is None or not 200 <= answer.status < 300:
        trouble.fail_as_unannounced(server, exchange, f"{server.name} answers POST {exchange.path} with a 2xx")


def expect_ended(program: Program, wanted: str) -> None:
    """The command has ended with 0, or the check ends."""
    code = program.wait(COMMAND_WITHIN_S)
    if code is None:
        fail("command-unheard", wanted=wanted, saw=f"it still ran after {COMMAND_WITHIN_S:.0f} s")
    if code != 0:
        raise program.crashed(wanted)


def expect_heard(
    board: Board,
    bell: str,
    expected: Sequence[Frame],
    how: str,
    *,
    by: Server | None = None,
    rooms: Mapping[str, str] | None = None,
    first: str = places.VIEWS,
) -> list[Frame]:
    """Up to the bell this socket hears exactly these, each once; returns the frames as they came.

    `by` is the server that has announced it, `rooms` tells for which room each text was, `first` is the learner's file
    that was asked to announce it.
    """
    return judge_heard(board, board.wait_heard(bell), expected, how, by=by, rooms=rooms, first=first)


def judge_heard(
    board: Board,
    frames: list[Frame],
    expected: Sequence[Frame],
    how: str,
    *,
    by: Server | None = None,
    rooms: Mapping[str, str] | None = None,
    first: str = places.VIEWS,
) -> list[Frame]:
    """The same of frames that have come."""
    sends = places.line(board.server.run, *places.SENDS, first=first)
    heard = without_time(frames)
    missing = _missing(expected, heard)
    if missing and heard:  # acknowledged before it was sent, it may come after what was said later
        for frame in missing:
            late = board.wait_heard(str(frame.get("announcement", frame.get("said"))), LATE_WITHIN_S)
            frames += late
            heard += without_time(late)
        missing = [frame for frame in expected if frame not in heard]
    foreign = [frame for frame in heard if frame not in expected]
    if missing:
        _fail_as_missing(board, missing, heard, how, by=by, sends=sends)
    if foreign:
        saw = f"it also heard {shown(foreign[:2])}"
        if room := (rooms or {}).get(str(foreign[0].get("announcement"))):
            saw += f"\nthat was announced in the room {room!a}"
        wanted = f"{board.name} hears what is for its room {board.room!a}, and nothing else"
        fail("heard-otherwise", wanted=wanted, saw=saw, where=sends)
    for frame in expected:
        if (times := heard.count(frame)) != (asked := expected.count(frame)):
            wanted = (
                f"{board.name} hears {how} {'once' if asked == 1 else f'{asked} times, as often as it was announced'}"
            )
            fail("heard-otherwise", wanted=wanted, saw=f"it heard it {times} times: {shown([frame])}", where=sends)
    return frames


def expect_time(
    board: Board, frames: Sequence[Frame], text: str, asked_at: datetime, *, first: str = places.VIEWS
) -> None:
    """The announcement of this text tells when it was made."""
    frame = next(frame for frame in frames if frame.get("announcement") == text)
    at = moment(frame)
    run = board.server.run
    if at is None or not asked_at - CLOCKS <= at <= datetime.now(UTC) + CLOCKS:
        wanted = '"at" is the time at which it was announced, as ISO 8601 with an offset from UTC'
        saw = f'"at": {frame.get("at")!r}; it was asked for at {asked_at.isoformat(timespec="seconds")}'
        fail("time-wrong", wanted=wanted, saw=saw, where=places.line(run, *places.AT, first=first))


def _missing(expected: Sequence[Frame], heard: Sequence[Frame]) -> list[Frame]:
    """Those that were not heard as often as they are here."""
    rest = [*heard]
    missing = []
    for frame in expected:
        if frame in rest:
            rest.remove(frame)
        else:
            missing.append(frame)
    return missing


def _fail_as_missing(
    board: Board, missing: list[Frame], heard: list[Frame], how: str, *, by: Server | None, sends: SourceLine | None
) -> NoReturn:
    run = board.server.run
    wanted = f"{board.name} hears {how}: {shown(missing[:1])}"
    picture = Picture(run.history)
    for frame in missing[:1]:
        picture.missing(board, str(frame.get("announcement", frame.get("said"))))
    if changed := [frame for frame in heard if frame.keys() == missing[0].keys()]:
        came = difference(*(str(frame.get("announcement", frame.get("said"))) for frame in (missing[0], changed[0])))
        fail("heard-otherwise", wanted=wanted, saw=f"it heard {shown(changed[:1])}\n{came}", where=sends)
    saw = f"it heard {shown(heard)}" if heard else board.silence
    if by is not None:
        trouble.judge_never_awaited(by, wanted, saw)
    trouble.judge_error(board.server, wanted, saw, request=board.id)
    fail("not-heard", wanted=wanted, saw=saw, where=sends)


def bell(boards: Sequence[Board], tags: Iterator[str]) -> str:
    """One more word in the room of these sockets, by the first of them: what is not heard before it never comes."""
    text = f"(the check's bell {next(tags)})"
    boards[0].say(text)
    return text
