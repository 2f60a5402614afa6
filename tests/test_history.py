"""The record of a run: whole, in order, on file, and deaf to nonsense from outside."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.history import History
from course.model import SourceLine

DEADLINE_S = 20


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl", tmp_path / "probe") as history:
        history.hear({kind: {} for kind in Kind})
        yield history


def tell(history: History, *datagrams: bytes) -> None:
    """Send as the probe does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        for datagram in datagrams:
            probe.sendto(datagram, str(history.probe_socket))


class Kind(StrEnum):
    """What happens here."""

    ZEROTH = "zeroth"
    FIRST = "first"
    SECOND = "second"
    TOLD = "told"
    A = "a"
    B = "b"
    LAST = "last"
    LATE = "late"
    SENSE = "sense"
    TOO_LATE = "too late for the file"


def as_json(**facts: object) -> bytes:
    return json.dumps({"t": History.now(), "pid": 1, "server": "site", **facts}).encode()


def told_with(fact: bytes, t: bytes = b"1") -> bytes:
    """A letter with one more fact, or another time."""
    return b'{"t": ' + t + b', "kind": "told", "pid": 1, "server": "site"' + (b", " + fact if fact else b"") + b"}"


def test_events_are_kept_in_the_order_of_their_time(history: History) -> None:
    now = history.now()
    history.record(Kind.SECOND)
    tell(history, as_json(kind="first") + b" ", as_json(t=now - 5, kind="zeroth"))
    assert history.wait_for(Kind.ZEROTH, deadline_s=DEADLINE_S)
    assert history.wait_for(Kind.FIRST, deadline_s=DEADLINE_S)
    assert [event.kind for event in history.events()] == ["zeroth", "second", "first"]


def test_what_has_come_is_among_the_events_at_once(history: History) -> None:
    for number in range(300):
        tell(history, as_json(kind="told", number=number))
        assert [event["number"] for event in history.events(Kind.TOLD)][-1] == number


def test_a_strangers_mark_harms_nobody(history: History) -> None:
    tell(history, b"mark of a stranger", as_json(kind="told"))
    assert len(history.events(Kind.TOLD)) == 1


def test_events_are_chosen_by_kind_and_time(history: History) -> None:
    history.record(Kind.A, number=1)
    history.record(Kind.B, number=2)
    later = history.now()
    history.record(Kind.A, number=3)
    assert [event["number"] for event in history.events(Kind.A, Kind.B)] == [1, 2, 3]
    assert [event["number"] for event in history.events(Kind.A)] == [1, 3]
    assert [event["number"] for event in history.events(since=later)] == [3]


def test_a_fact_that_is_not_there_is_an_error_unless_it_may_be_absent(history: History) -> None:
    event = history.record(Kind.A, number=1)
    assert (event["number"], event.get("number"), event.get("colour"), event.where) == (1, 1, None, None)
    with pytest.raises(KeyError, match="colour"):
        event["colour"]


def test_the_probes_place_is_a_place(history: History) -> None:
    place = {"file": "shop/views.py", "line": 14, "function": "report", "doing": "time.sleep(1)"}
    facts = {"pid": 1, "server": "site", "top": "", "stack": [], "state": "waiting"}
    tell(history, as_json(kind="loop.stalled", where=place, **facts))
    event = history.wait_for(EventKind.LOOP_STALLED, deadline_s=DEADLINE_S)
    assert event is not None
    assert event.where == SourceLine("shop/views.py", 14, "report", "time.sleep(1)")


def test_waiting_ends_when_it_happens(history: History) -> None:
    threading.Timer(0.05, history.record, ["late"], {"number": 7}).start()
    event = history.wait_for(Kind.LATE, lambda late: bool(late["number"] == 7), deadline_s=DEADLINE_S)
    assert event is not None


def test_waiting_for_what_has_happened_returns_it_at_once(history: History) -> None:
    first = history.record(Kind.A)
    history.record(Kind.A)
    assert history.wait_for(Kind.A, deadline_s=0) == first


def test_waiting_for_what_never_happens_ends_at_the_deadline(history: History) -> None:
    earlier = history.record(Kind.A, number=1)
    assert history.wait_for(Kind.A, lambda event: bool(event["number"] == 2), deadline_s=0.05) is None
    assert history.wait_for(Kind.A, since=earlier.t + 1, deadline_s=0.05) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"no json",
        b"[]",
        b"12",
        b"{}",
        b'{"t": 1}',
        told_with(b"", t=b'"soon"'),
        told_with(b"", t=b"1" + b"0" * 400),
        told_with(b"", t=b"NaN"),
        told_with(b"", t=b"1e300"),
        told_with(b'"where": 5'),
        told_with(b'"where": {"colour": 1}'),
        told_with(b'"where": {"file": 1, "line": 1, "function": "", "doing": ""}'),
        told_with(b'"where": {"file": "a.py", "line": "one", "function": "", "doing": ""}'),
        told_with(b'"where": {"file": "a.py", "line": 1, "function": "", "doing": "' + b"x" * 30_000 + b'"}'),
        told_with(b'"status": "200"'),
        told_with(b'"status": true'),
        told_with(b'"nested": {"a": 1}'),
        told_with(b'"rows": [1, 2]'),
        told_with(b'"rows": [' + b", ".join([b'"x"'] * 200) + b"]"),
        told_with(b'"text": "' + b"x" * 30_000 + b'"'),
        told_with(b'"ms": NaN'),
        told_with(b'"ms": 1' + b"0" * 300),
        b'{"t": 1, "kind": "never heard of", "pid": 1, "server": "site"}',
        b'{"t": 1, "kind": "app.left", "pid": 1, "server": "site"}',
        b'{"t": 1, "kind": "app.left", "pid": "one", "server": "site", "request": "r1"}',
        b'{"t": 1, "kind": "app.left", "pid": true, "server": "site", "request": "r1"}',
        b'{"t": 1, "kind": "loop.resumed", "pid": 1, "server": "site", "ms": NaN}',
        b'{"t": 1, "kind": "process.ended", "pid": 1, "server": "site"}',
        b"[" * 60_000,
        b"\xff\xfe\x00",
        b"x" * 65_536,
    ],
    ids=range(32),
)
def test_nonsense_from_outside_is_passed_over(history: History, nonsense: bytes) -> None:
    tell(history, nonsense, as_json(kind="sense"))
    assert history.wait_for(Kind.SENSE, deadline_s=DEADLINE_S)
    assert [event.kind for event in history.events()] == ["sense"]
    assert history.odd == 1


def test_half_a_character_is_replaced_where_it_comes_in(history: History) -> None:
    tell(history, as_json(kind="told", text="caf\ud800", rows=["\udfff", "\N{SNAKE}"]))
    (event,) = history.events(Kind.TOLD)
    assert (event["text"], event["rows"]) == ("caf?", ["?", "\N{SNAKE}"])


def test_a_flood_from_inside_is_cut(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.harness.history.MOST_FROM_INSIDE", 5)
    tell(history, *(as_json(kind="told") for _ in range(8)))
    assert (len(history.events(Kind.TOLD)), history.odd) == (5, 3)


def test_everything_is_on_file_one_json_line_each(history: History, tmp_path: Path) -> None:
    history.record(Kind.A, text="zwei\nZeilen", number=1)
    tell(history, as_json(kind="b"))
    assert history.wait_for(Kind.B, deadline_s=DEADLINE_S)
    history.close()
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [(line["kind"], line.get("text")) for line in lines] == [("a", "zwei\nZeilen"), ("b", None)]


def test_what_the_probe_sent_before_the_close_is_still_heard(history: History) -> None:
    tell(history, *(as_json(kind="last", number=number) for number in range(9)))
    history.close()
    assert [event["number"] for event in history.events(Kind.LAST)] == list(range(9))


def test_after_the_close_it_can_be_read_and_the_socket_is_gone(history: History, tmp_path: Path) -> None:
    history.record(Kind.A)
    history.close()
    history.record(Kind.TOO_LATE)
    assert [event.kind for event in history.events()] == ["a", "too late for the file"]
    assert not (tmp_path / "probe").exists()


def test_many_threads_may_record_at_once(history: History, tmp_path: Path) -> None:
    def record() -> None:
        for number in range(200):
            history.record(Kind.A, number=number)

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history.close()
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert len(history.events(Kind.A)) == len([json.loads(line) for line in lines]) == 1600


def test_a_history_that_goes_on_for_ever_keeps_the_latest(tmp_path: Path) -> None:
    with History(Path(os.devnull), tmp_path / "probe", most=3) as history:
        history.hear({kind: {} for kind in Kind})
        for kind in (Kind.FIRST, Kind.SECOND, Kind.A, Kind.B):
            history.record(kind)
        assert [event.kind for event in history.events(*Kind)] == [Kind.SECOND, Kind.A, Kind.B]
        tell(history, as_json(kind="told"))
        assert history.wait_for(Kind.TOLD, deadline_s=DEADLINE_S)
        assert [event.kind for event in history.events(*Kind)] == [Kind.A, Kind.B, Kind.TOLD]
