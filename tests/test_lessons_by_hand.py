"""What lessons have one type: each command behind `learn run` runs, also where `python` is not the course's."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from course.authors import mistakes
from course.content import catalogue
from course.content.places import Places
from course.model import Exercise
from tests.terminal import environment, learn
from tests.test_checking import living, wait_until
from tests.test_stands import running
from tests.tree import ROOT

DEADLINE_S = 120.0
PLACES = Places()
WRITTEN = [exercise for exercise in catalogue.read(PLACES).exercises if exercise.written]
OTHER_PROGRAMS = ("python", "python3", "gunicorn", "uvicorn", "daphne", "hypercorn", "django-admin")
# Commands that go on until somebody ends them: at a port of their own, since other tests use the lesson's; and by which
# words they have begun.
GO_ON = {
    "gunicorn": (["--bind", "127.0.0.1:0"], "Booting worker"),
    "uvicorn": (["--port", "0"], "Uvicorn running on"),
}
STATUS = {"python -X dev -m desk": 1}  # two of its symbols have no price
LEFT_OUT = {
    "learn run": "the stack in the foreground: tests/test_stacks.py has every exercise's stand",
    **dict.fromkeys(
        ("python -m websockets", "python -m wire.client", "supervisorctl"),
        "it needs the stack: tried beside one, below",
    ),
}


@dataclass(frozen=True, slots=True)
class ByHand:
    """One command of an exercise's texts, without `learn run --`."""

    exercise: Exercise
    words: str

    def __str__(self) -> str:
        return f"{self.exercise.name}: {self.words}"


def typed(text: str) -> list[str]:
    """What a text has one type that begins with `learn run`, in blocks and in lines, without the comment behind it."""
    blocks = [token.content for token in MarkdownIt().parse(text) if token.type in {"fence", "code_block"}]
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(learn run[^`]*)`", text)
    return [line.split("  #")[0].strip() for line in lines if line.startswith("learn run")]


def commands() -> list[ByHand]:
    found = []
    for exercise in WRITTEN:
        for file in (PLACES.lesson(exercise.path), PLACES.hints_file(exercise.path)):
            for line in typed(file.read_text(encoding="utf-8")):
                words = line.removeprefix("learn run -- ").strip()
                if not any(words == left or words.startswith(f"{left} ") for left in LEFT_OUT):
                    found.append(ByHand(exercise, words))
    return list(dict.fromkeys(found))


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `python` and the servers are somebody else's, and fail."""
    (tmp_path / "bin").mkdir()
    for name in OTHER_PROGRAMS:
        other = tmp_path / "bin" / name
        other.write_text("#!/bin/sh\necho not the course's >&2\nexit 9\n")
        other.chmod(0o755)
    return f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[Exercise], Path]:
    """A workspace with this exercise, done as the reference does it: the exercise's folder."""

    def begun(exercise: Exercise) -> Path:
        assert learn(tmp_path, "next", exercise.name, rooms=ROOT).status == 0
        folder = tmp_path / "wsgi-asgi" / exercise.path
        mistakes.lay_right(PLACES, exercise, "reference", tmp_path / "reference")
        for file in (tmp_path / "reference").rglob("*"):
            if file.is_file():
                target = folder / file.relative_to(tmp_path / "reference")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        return folder

    return begun


def test_there_are_such_commands() -> None:
    assert len(commands()) >= 8
    assert {by_hand.exercise.name for by_hand in commands()} >= {"python_asyncio", "async_views", "blocking_problem"}


def test_no_lesson_has_one_type_what_may_not_be_the_courses() -> None:
    for exercise in WRITTEN:
        text = PLACES.lesson(exercise.path).read_text(encoding="utf-8")
        blocks = [token.content for token in MarkdownIt().parse(text) if token.type in {"fence", "code_block"}]
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        assert [line for line in lines if line.startswith(("python ", "gunicorn ", "uvicorn ", "REDIS_URL="))] == []


@pytest.mark.parametrize("by_hand", commands(), ids=str)
def test_a_command_by_hand_runs(by_hand: ByHand, begin: Callable[[Exercise], Path], path: str, tmp_path: Path) -> None:
    folder = begin(by_hand.exercise)
    words = shlex.split(by_hand.words)
    elsewhere, begins = GO_ON.get(words[0], ([], ""))
    # `learn` itself is the course's: it is started by its own Python, as its script does.
    line = [sys.executable, "-P", "-m", "course", "run", "--", *words, *elsewhere]
    with subprocess.Popen(
        line,
        cwd=folder,
        env=environment(ROOT, PATH=path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(DEADLINE_S, process.kill)
        watchdog.start()
        said = ""
        try:
            for text in process.stdout:
                said += text
                if begins and begins in text:
                    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
            status = process.wait()
        finally:
            watchdog.cancel()
    expected = next((status for words, status in STATUS.items() if by_hand.words.startswith(words)), 0)
    assert begins in said, said
    assert begins or status == expected, said
    assert "not the course's" not in said
    wait_until(lambda: not living(tmp_path))


@dataclass(frozen=True, slots=True)
class Client:
    """A command of a lesson that talks to the stack beside it."""

    exercise: str
    words: str
    site: int
    heard: str
    types: str = ""
    stack: tuple[str, ...] = ()  # the options of the `learn run` beside it
    after: str = ""  # what that one says when the client may come


CLIENTS = [
    Client("http_vs_websocket", "python -m wire.client ws://127.0.0.1:8000/ws/counter/ hello", 0, "hello"),
    Client(
        "groups",
        'python -m websockets "ws://127.0.0.1:8001/ws/?user=bo"',
        1,
        "lobby",
        types='{"op": "join", "room": "lobby"}\n',
    ),
    Client(
        "gunicorn_deployment",
        "supervisorctl -c deploy/supervisord.conf status",
        0,
        "RUNNING",
        stack=("--manager", "supervisor"),
        after="entered RUNNING",
    ),
]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.exercise)
def test_a_client_by_hand_talks_to_the_stack_beside_it(
    client: Client, begin: Callable[[Exercise], Path], path: str
) -> None:
    exercise = catalogue.find(catalogue.read(PLACES), client.exercise)
    assert f"learn run -- {client.words}" in PLACES.lesson(exercise.path).read_text(encoding="utf-8")
    folder = begin(exercise)
    with running(folder, ROOT, *client.stack) as run:
        url = run.wait("up")["sites"][client.site][1]
        if client.after:
            run.wait("said", lambda event: client.after in event["line"])
        here = re.sub(r"ws://127.0.0.1:\d+", url.replace("http", "ws"), client.words)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "course", "run", "--", *shlex.split(here)],
            cwd=folder,
            env=environment(ROOT, PATH=path, PYTHONUNBUFFERED="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(client.types)
            process.stdin.flush()
            watchdog = threading.Timer(DEADLINE_S, process.kill)
            watchdog.start()
            try:
                assert any(client.heard in line for line in process.stdout)
            finally:
                watchdog.cancel()
                process.terminate()
        assert run.end() == 0
