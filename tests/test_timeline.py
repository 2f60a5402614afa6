"""The picture of a check's traffic, built from histories that are written here, and from one of a real server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.harness.events import EventKind
from checker.harness.history import Event, History
from checker.harness.timeline import MOST_ROWS, timeline
from course.pictures import Bar, BarKind, Mark, Timeline, TimelineRow
from course.shared.wire import result_from
from tests.probed_site import STARTERS, serve

DEADLINE_S = 30.0
WHERE = {"file": "shop/views.py", "line": 14, "function": "report", "doing": "time.sleep(1)"}


class WrittenHistory:
    """A history in which the test says what happened; times in milliseconds."""

    def __init__(self, history: History) -> None:
        self.history = history

    def add(self, at_ms: float, kind: str, **facts: Any) -> None:
        """One event."""
        self.history._add(Event(at_ms / 1000, kind, facts))

    def request(
        self,
        number: int,
        label: str,
        *,
        sent: float,
        entered: float | None = None,
        left: float | None = None,
        answered: float | None = None,
        pid: int = 71,
        thread: int = 1,
        scope: str = "wsgi",
        status: int = 200,
    ) -> None:
        """One request's whole way."""
        request = f"r{number}"
        self.add(sent, "request.sent", request=request, method="GET", path=f"/{number}/", label=label)
        if entered is not None:
            facts = {"request": request, "path": f"/{number}/", "scope": scope, "thread": thread, "pid": pid}
            self.add(entered, "app.entered", server="", **facts)
        if left is not None:
            self.add(left, "app.left", request=request, pid=pid)
        if answered is not None:
            self.add(answered, "request.answered", request=request, status=status)

    def drawn(self, since_ms: float = 0.0) -> Timeline:
        """The picture."""
        drawn = timeline(self.history, since=since_ms / 1000)
        assert drawn is not None
        return drawn

    def row(self, name: str) -> TimelineRow:
        """One row of it."""
        return next(row for row in self.drawn().rows if row.name == name)


@pytest.fixture
def written(tmp_path: Path) -> Iterator[WrittenHistory]:
    """An empty history."""
    folder = Path(tempfile.mkdtemp(prefix="learn-"))
    with History(tmp_path / "history.jsonl", folder / "probe") as history:
        yield WrittenHistory(history)
    shutil.rmtree(folder)


def kinds(row: TimelineRow) -> list[tuple[str, float, float]]:
    return [(bar.kind.value, bar.start_ms, bar.end_ms) for bar in row.bars]


# --- WSGI ---


def test_there_is_no_picture_without_traffic(written: WrittenHistory) -> None:
    written.add(10, "process.started", name="gunicorn", pid=70)
    assert timeline(written.history, since=0) is None


def test_each_worker_has_a_row_with_what_it_served(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1010, left=1400, answered=1401, pid=71)
    written.request(2, "report 2", sent=1000, entered=1010, left=1400, answered=1402, pid=72)
    written.request(3, "hello", sent=1405, entered=1406, left=1410, answered=1412, pid=72)
    drawn = written.drawn()
    assert drawn.span_ms == 412.0
    assert [(row.name, row.note) for row in drawn.rows] == [("pid 71", "report 1"), ("pid 72", "report 2, hello")]
    assert drawn.rows[0].bars == (Bar(10.0, 400.0, BarKind.WORKING, "report 1"),)


def test_a_request_that_waited_for_a_worker_has_a_row_of_its_own(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1010, left=1400, answered=1401)
    written.request(2, "hello", sent=1050, entered=1401, left=1410, answered=1412)
    hello = written.row("hello")
    assert kinds(hello) == [("waiting", 50.0, 401.0), ("working", 401.0, 412.0)]
    assert hello.note == "waited"


def test_a_request_that_never_entered_the_app_waited_to_the_end(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1010)
    written.request(2, "hello", sent=1100)
    written.add(1400, "request.left", request="r2")
    hello = written.row("hello")
    assert kinds(hello) == [("waiting", 100.0, 400.0)]
    assert hello.note == "hung up"
    assert kinds(written.row("pid 71")) == [("working", 10.0, 400.0)]


def test_a_request_that_only_entered_late_on_a_busy_machine_has_not_waited(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1100, left=1400, answered=1401)
    assert [row.name for row in written.drawn().rows] == ["pid 71"]


def test_a_worker_with_several_busy_threads_has_a_row_for_each(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1010, left=1400, answered=1401, thread=5)
    written.request(2, "report 2", sent=1000, entered=1010, left=1400, answered=1401, thread=6)
    assert [(row.name, row.note) for row in written.drawn().rows] == [
        ("pid 71 t1", "report 1"),
        ("pid 71 t2", "report 2"),
    ]


def test_threads_that_took_turns_share_their_workers_row(written: WrittenHistory) -> None:
    written.request(1, "hello", sent=1000, entered=1010, left=1100, answered=1101, thread=5)
    written.request(2, "hello", sent=1200, entered=1210, left=1300, answered=1301, thread=6)
    assert [(row.name, row.note) for row in written.drawn().rows] == [("pid 71", "hello x2")]


def test_what_began_before_the_check_is_cut_off_at_its_start(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=500, entered=510, left=1400, answered=1401)
    written.request(2, "old", sent=500, entered=510, left=600, answered=601, pid=72)
    written.request(3, "hello", sent=1000, entered=1001, left=1010, answered=1011, pid=72)
    drawn = written.drawn(since_ms=900)
    assert [(row.name, row.note) for row in drawn.rows] == [("pid 71", "report 1"), ("pid 72", "hello")]
    assert drawn.rows[0].bars[0].start_ms == 0.0


# --- ASGI ---


def test_a_loop_shows_where_it_stood_still(written: WrittenHistory) -> None:
    written.request(1, "report", sent=1000, entered=1005, left=1400, answered=1402, scope="http")
    written.add(1120, "loop.stalled", pid=71, where=WHERE, top="views.py:14 report", state="waiting")
    written.add(1395, "loop.resumed", pid=71, ms=385.0, where=WHERE)
    loop, request = written.drawn().rows
    assert (loop.name, loop.note) == ("loop 71", "")
    assert loop.bars == (Bar(10.0, 395.0, BarKind.STALLED, "views.py:14"),)
    assert loop.marks == (Mark(10.0, "views.py:14"),)
    assert kinds(request) == [("waiting", 0.0, 5.0), ("working", 5.0, 402.0)]


def test_a_loop_that_still_stands_is_stalled_to_the_end(written: WrittenHistory) -> None:
    written.request(1, "report", sent=1000, entered=1005, scope="http")
    written.add(1120, "loop.stalled", pid=71, where=WHERE, top="", state="waiting")
    written.add(1500, "request.left", request="r1")
    assert kinds(written.row("loop 71")) == [("stalled", 120.0, 500.0)]
    assert written.row("report").note == "hung up"


def test_a_loop_that_never_stood_still_is_called_free(written: WrittenHistory) -> None:
    written.request(1, "report", sent=1000, entered=1005, left=1400, answered=1402, scope="http", status=503)
    assert written.row("loop 71").note == "free"
    assert written.row("report").note == "status 503"


def test_many_rows_that_look_alike_are_folded(written: WrittenHistory) -> None:
    for number in range(40):
        written.request(
            number, f"dashboard {number}", sent=1000, entered=1001 + number, left=1390, answered=1400, scope="http"
        )
    written.request(99, "hello", sent=1100, entered=1101, left=1105, answered=1106, scope="http")
    names = [row.name for row in written.drawn().rows]
    assert names == ["loop 71", "dashboard 0", "dashboard 1", "37 more like these", "dashboard 39", "hello"]


def test_the_last_of_six_alike_is_shown(written: WrittenHistory) -> None:
    for number in range(1, 7):
        written.request(number, f"report {number}", sent=1000, entered=1001 + number, thread=number)
    written.add(1400, "request.left", request="r1")
    names = [row.name for row in written.drawn().rows]
    assert names == ["pid 71 t1", "pid 71 t2", "3 more like these", "pid 71 t6"]


def test_what_is_held_at_the_gate_is_told_from_other_time_in_the_app(written: WrittenHistory) -> None:
    written.add(900, "gate.placed", place="in the database")
    written.request(7, "report 7", sent=1000, entered=1010, left=1400, answered=1400)
    written.request(8, "report 8", sent=1000, entered=1010, left=1400, answered=1400, thread=2)
    written.add(1100, "gate.arrived", tag="7")
    written.add(1300, "gate.released", tag="7", status=200)
    assert kinds(written.row("pid 71 t1")) == [("working", 10, 400), ("upstream", 100, 300)]
    assert kinds(written.row("pid 71 t2")) == [("working", 10, 400)]
    assert written.row("pid 71 t1").bars[1].label == "in the database"


def test_a_wait_of_a_few_milliseconds_is_no_row_of_its_own(written: WrittenHistory) -> None:
    written.request(1, "report 1", sent=1000, entered=1008, left=1014, answered=1014)
    written.request(2, "report 2", sent=1001, entered=1002, left=1015, answered=1015, thread=2)
    assert [row.name for row in written.drawn().rows] == ["pid 71 t1", "pid 71 t2"]


def test_a_gate_that_plays_nothing_by_name_is_not_drawn(written: WrittenHistory) -> None:
    written.request(7, "report 7", sent=1000, entered=1010, left=1400, answered=1400)
    written.add(1100, "gate.arrived", tag="7")
    assert kinds(written.row("pid 71")) == [("working", 10, 400)]


def test_a_crowd_is_folded_whatever_its_times(written: WrittenHistory) -> None:
    for number in range(40):
        start = 1000 + 100 * number
        written.request(
            number,
            f"dashboard {number}",
            sent=1000,
            entered=start,
            left=start + 100,
            answered=start + 100,
            scope="http",
        )
    names = [row.name for row in written.drawn().rows]
    assert names == ["loop 71", "dashboard 0", "dashboard 1", "37 more like these", "dashboard 39"]


def test_what_is_under_way_lasts_to_the_checks_end(written: WrittenHistory) -> None:
    written.request(1, "dashboard", sent=1000, entered=1001, answered=5100, left=5100, scope="http")
    drawn = timeline(written.history, since=0, until=5.0)
    assert drawn is not None
    assert drawn.span_ms == 4000.0
    assert drawn.rows[-1].bars[-1].end_ms == 4000.0
    assert drawn.rows[-1].note == "still open"  # it was answered, but not while the check looked


def test_a_loop_that_still_stands_at_the_checks_end_is_stalled_until_then(written: WrittenHistory) -> None:
    written.request(1, "report", sent=1000, entered=1005, scope="http")
    written.add(1120, "loop.stalled", pid=71, where=WHERE, top="", state="waiting")
    drawn = timeline(written.history, since=0, until=3.0)
    assert drawn is not None
    assert kinds(drawn.rows[0]) == [("stalled", 120.0, 2000.0)]


def test_a_picture_ends_with_its_last_event_when_all_has_ended(written: WrittenHistory) -> None:
    written.request(1, "hello", sent=1000, entered=1010, left=1390, answered=1400)
    written.add(4000, "process.ended", name="gunicorn", pid=70, returncode=0)  # the fixtures' doing, after the check
    drawn = timeline(written.history, since=0, until=3.0)
    assert drawn is not None
    assert drawn.span_ms == 400.0


def test_a_staircase_is_not_folded(written: WrittenHistory) -> None:
    for number in range(8):
        start = 1000 + 100 * number
        written.request(
            number, f"report {number}", sent=1000, entered=start, left=start + 100, answered=start + 100, scope="http"
        )
    assert len(written.drawn().rows) == 1 + 8


def test_a_picture_has_an_end(written: WrittenHistory) -> None:
    for number in range(100):
        label = "report" + "s" * number
        written.request(number, label, sent=1000, entered=1010, left=1390, answered=1400, scope="http")
    rows = written.drawn().rows
    assert len(rows) == MOST_ROWS
    assert rows[-1].name == f"{101 - MOST_ROWS + 1} more rows"


# --- sockets and processes ---


def socket_opened(written: WrittenHistory, at_ms: float = 1000) -> None:
    written.add(at_ms, "socket.opening", socket="w1", url="ws://x/", label="ana")
    written.add(at_ms + 10, "socket.opened", socket="w1", status=None)


def test_a_socket_has_a_row_with_its_frames(written: WrittenHistory) -> None:
    socket_opened(written)
    written.add(1100, "socket.sent", socket="w1", frame='{"op": "join"}')
    written.add(1150, "socket.received", socket="w1", frame='{"joined": "x"}')
    written.add(1200, "socket.closed", socket="w1", code=1000)
    row = written.row("ana")
    assert kinds(row) == [("waiting", 0.0, 10.0), ("working", 10.0, 200.0)]
    assert row.marks == (Mark(100.0, "sent"), Mark(150.0, "received"))


def test_a_socket_with_many_frames_shows_their_number(written: WrittenHistory) -> None:
    socket_opened(written)
    for number in range(30):
        written.add(1100 + number, "socket.received", socket="w1", frame="{}")
    assert (written.row("ana").marks, written.row("ana").note) == ((), "30 frames")


def test_a_socket_that_an_earlier_check_left_open_is_not_shown(written: WrittenHistory) -> None:
    socket_opened(written, 1000)
    written.request(1, "hello", sent=2000, entered=2005, left=2010, answered=2011, scope="http")
    assert [row.name for row in written.drawn(since_ms=1500).rows] == ["loop 71", "hello"]


@pytest.mark.parametrize(
    ("kind", "facts", "mark"),
    [
        ("socket.closed", {"code": 1006}, Mark(200.0, "closed 1006")),
        ("socket.refused", {"status": 403}, Mark(200.0, "refused 403")),
    ],
)
def test_a_socket_that_ended_badly_is_marked(
    written: WrittenHistory, kind: str, facts: dict[str, int], mark: Mark
) -> None:
    socket_opened(written)
    written.add(1200, kind, socket="w1", **facts)
    assert written.row("ana").marks == (mark,)


@pytest.mark.parametrize(
    ("kind", "facts", "label"),
    [
        ("process.ended", {"returncode": -9}, "killed"),
        ("process.ended", {"returncode": 1}, "exit code 1"),
        ("process.killed", {}, "killed"),
        ("guard.killed", {"server": "uvicorn"}, "killed"),
    ],
)
def test_a_process_that_ended_is_marked_in_its_row(
    written: WrittenHistory, kind: str, facts: dict[str, Any], label: str
) -> None:
    written.request(1, "report", sent=1000, entered=1005, scope="http")
    written.add(1200, kind, pid=71, **facts)
    assert written.row("loop 71").marks == (Mark(200.0, label),)


def test_a_server_that_was_stopped_as_planned_is_no_news(written: WrittenHistory) -> None:
    written.request(1, "report", sent=1000, entered=1005, left=1100, answered=1101)
    written.add(1200, "process.ended", name="gunicorn", pid=70, returncode=0)
    assert [row.name for row in written.drawn().rows] == ["pid 71"]


# --- a real one ---


def test_a_blocked_worker_and_the_page_that_waited_for_it_are_drawn(tmp_path: Path) -> None:
    with serve(STARTERS["gunicorn-sync"], tmp_path) as site:
        site.server.expect_ready("/hello/")
        since = site.history.now()
        with site.server.stream(f"/streams/?url={site.gate.url}/hold/x", label="report 1") as report:
            assert site.gate.wait_held(1, DEADLINE_S)
            hello = site.server.send("/hello/", label="hello")
            site.history.wait_for(EventKind.REQUEST_SENT, lambda e: e["request"] == hello.id, deadline_s=DEADLINE_S)
            site.gate.release()
            assert report.read_to_end(DEADLINE_S)
        assert hello.wait_answer(DEADLINE_S) is not None
        drawn = timeline(site.history, since=since)
    assert drawn is not None
    worker = drawn.rows[0]
    assert worker.name.startswith("pid ")
    assert worker.note == "report 1, hello"
    # It goes over the wire to the screen, as JSON.
    assert result_from({**_RESULT, "timeline": _as_json(drawn)}).timeline == drawn


_RESULT = {"id": "x", "sentence": "x", "outcome": "failed", "seconds": 0.0, "finding": None, "reason": ""}


def _as_json(drawn: Timeline) -> Any:
    import json
    from dataclasses import asdict

    return json.loads(json.dumps(asdict(drawn)))
