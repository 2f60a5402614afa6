"""course/past_run.py: the lines that repeat a run's probes by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from course.content.places import Places
from course.errors import UsageError
from course.learner import past_run, situation, workspace
from course.learner.past_run import SHOWN_COMMANDS, _commands, _varied
from course.learner.workspace import Workspace
from course.model import Exercise


def commands(folder: Path, *events: dict[str, Any]) -> list[str]:
    history = folder / "history.jsonl"
    history.write_text(
        "".join(json.dumps({"t": 1.0, "kind": "request.sent", "method": "GET", **e}) + "\n" for e in events)
    )
    return list(_commands(history))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"path": "/a/"}, "curl -i 'http://127.0.0.1:8000/a/'"),
        ({"path": "/a/", "streamed": True}, "curl -iN 'http://127.0.0.1:8000/a/'"),
        ({"path": "/a/", "method": "HEAD"}, "curl -I 'http://127.0.0.1:8000/a/'"),
        ({"path": "/a/", "method": "POST"}, "curl -i -X POST 'http://127.0.0.1:8000/a/'"),
        ({"path": "/a/", "method": "POST", "body": "it's"}, """curl -i -d 'it'"'"'s' 'http://127.0.0.1:8000/a/'"""),
        ({"path": "/a/", "headers": {"X-Tenant": "sud"}}, "curl -i -H 'X-Tenant: sud' 'http://127.0.0.1:8000/a/'"),
        (
            {"kind": "socket.opening", "url": "ws://127.0.0.1:41/ws/?a=1"},
            "learn run -- python -m websockets 'ws://127.0.0.1:8000/ws/?a=1'",
        ),
    ],
)
def test_a_probe_is_one_line_to_type(tmp_path: Path, event: dict[str, Any], line: str) -> None:
    assert commands(tmp_path, event) == [line]


def test_the_same_probe_stands_there_once_and_those_of_a_lab_do_not(tmp_path: Path) -> None:
    assert len(commands(tmp_path, {"path": "/a/"}, {"path": "/a/"}, {"path": "/lab/x/"}, {"path": "/b/"})) == 2


def test_a_run_that_was_killed_is_listed(begun: Workspace, toy_places: Places, greeting: Exercise) -> None:
    here = situation.of(begun, toy_places)
    workspace.new_run(begun, greeting.path)
    run = workspace.new_run(begun, greeting.path)
    verdict = {"v": 2, "exercise": greeting.path, "outcome": "passed", "results": [], "seconds": 1, "reason": ""}
    (run / "verdict.json").write_text(json.dumps(verdict))
    with pytest.raises(UsageError) as told:
        past_run.read(here, greeting, "1")
    assert told.value.remedy == "It has these: 0001 (killed), 0002."
    assert past_run.read(here, greeting).verdict.run == run


def test_a_failed_check_shows_its_own_probes(tmp_path: Path) -> None:
    events = [
        {"kind": "check.started", "check": "test_one"},
        {"path": "/one/"},
        {"kind": "check.started", "check": "test_two"},
        {"path": "/two/"},
    ]
    assert len(commands(tmp_path, *events)) == 2
    assert list(_commands(tmp_path / "history.jsonl", "test_two")) == ["curl -i 'http://127.0.0.1:8000/two/'"]


def test_under_a_socket_stand_the_frames_to_type_into_it(tmp_path: Path) -> None:
    opening = {"kind": "socket.opening", "url": "ws://127.0.0.1:41/ws/"}
    sent = [{"kind": "socket.sent", "socket": "w1", "frame": f'{{"n": {number}}}'} for number in range(5)]
    other = {"kind": "socket.sent", "socket": "w2", "frame": "another's"}
    assert commands(tmp_path, {**opening, "socket": "w1"}, other, *sent, {**opening, "socket": "w2"}) == [
        'learn run -- python -m websockets \'ws://127.0.0.1:8000/ws/\'\n  {"n": 0}\n  {"n": 1}\n  {"n": 2}'
    ]


def test_the_first_request_of_a_project_without_a_page_there_is_no_probe(tmp_path: Path) -> None:
    first = {"path": "/", "label": "first request", "request": "r1"}
    assert commands(tmp_path, first, {"kind": "request.answered", "request": "r1", "status": 404}) == []
    assert commands(tmp_path, first, {"kind": "request.answered", "request": "r1", "status": 200}) != []


def test_of_many_probes_one_of_each_kind_is_shown(tmp_path: Path) -> None:
    many = [{"kind": "socket.opening", "url": f"ws://127.0.0.1:41/ws/?user={number}"} for number in range(30)]
    posts = [{"path": f"/{page}/ada/", "method": "POST"} for page in ("notify", "kick")]
    shown = _varied(commands(tmp_path, *many, *posts))
    assert len(shown) == SHOWN_COMMANDS
    assert [line for line in shown if "curl" in line] == [
        "curl -i -X POST 'http://127.0.0.1:8000/notify/ada/'",
        "curl -i -X POST 'http://127.0.0.1:8000/kick/ada/'",
    ]
