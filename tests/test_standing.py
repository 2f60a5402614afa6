"""What a standing stack tells survives the wire unchanged, and nothing else passes for it."""

from __future__ import annotations

import pytest

from course.errors import CourseBug
from course.model import ExitStatus
from course.shared.standing import Ended, Said, StandEvent, Trouble, Up, from_line, to_line

EVENTS: list[StandEvent] = [
    Up(()),
    Up(
        (("uvicorn", "http://127.0.0.1:8000"), ("gunicorn", "http://127.0.0.1:8001")),
        gate="http://127.0.0.1:4000",
        page="http://127.0.0.1:4001",
        variables={"UPSTREAM_URL": "http://127.0.0.1:4000"},
        ports={"uvicorn": 8000, "gate": 4000},
    ),
    Said("uvicorn", "schön \u2028 \N{GRINNING FACE}"),
    Ended("uvicorn", -9),
    Trouble("valkey: no such program", "install it", ExitStatus.MACHINE_LACKS),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: StandEvent) -> None:
    line = to_line(event)
    assert from_line(line) == event
    assert line.isascii()
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no JSON",
        "7",
        "[]",
        "{}",
        '{"event": "unheard of"}',
        '{"event": "said", "name": "uvicorn"}',
        '{"event": "said", "name": "uvicorn", "line": "", "more": 1}',
        '{"event": "up"}',
        '{"event": "up", "sites": 7}',
        '{"event": "up", "sites": [["uvicorn"]]}',
        '{"event": ["up"]}',
    ],
)
def test_nothing_else_passes_for_one(line: str) -> None:
    with pytest.raises(CourseBug):
        from_line(line)
