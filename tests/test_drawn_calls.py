"""checker/stage_3/async_views/drawings.py: a page and the suppliers' calls made for it, on one clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import drawn
from checker.harness.server import Server
from checker.stage_3.async_views.drawings import draw_calls
from tests.running import running


@pytest.fixture
def history(tmp_path: Path) -> History:
    with running(tmp_path) as run:
        return run.history


def notes(history: History) -> dict[str, str]:
    server = cast(Server, SimpleNamespace(run=SimpleNamespace(history=history)))
    draw_calls(server, "dashboard", "r1")
    timeline, _ = drawn(history, since=0)
    assert timeline is not None
    return {row.name: row.note for row in timeline.rows}


def test_each_supplier_has_one_row_however_often_it_is_asked(history: History) -> None:
    history.record(EventKind.REQUEST_SENT, request="r1")
    for kind in (EventKind.GATE_ARRIVED, EventKind.GATE_LEFT, EventKind.GATE_ARRIVED):
        history.record(kind, tag="acme")
    history.record(EventKind.GATE_ARRIVED, tag="cobalt")
    history.record(EventKind.REQUEST_LEFT, request="r1")
    history.record(EventKind.GATE_LEFT, tag="cobalt")
    told = notes(history)
    assert [*told] == ["dashboard", "acme", "borealis", "cobalt", "delta", "ember"]
    assert (told["dashboard"], told["acme"], told["borealis"], told["cobalt"]) == (
        "hung up",
        "still open",
        "not asked",
        "hung up",
    )


def test_a_page_without_an_end_is_still_open(history: History) -> None:
    history.record(EventKind.REQUEST_SENT, request="r1")
    assert notes(history)["dashboard"] == "still open"
    history.record(EventKind.REQUEST_ANSWERED, request="r1", status=200)
    assert notes(history)["dashboard"] == ""
