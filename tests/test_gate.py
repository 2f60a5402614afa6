"""The Gate: holds, counts and lets go, by events and never by time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Exchange

DEADLINE_S = 20


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl", tmp_path / "probe") as history:
        yield history


@pytest.fixture
def gate(history: History) -> Iterator[Gate]:
    with Gate(history) as gate:
        yield gate


def call(gate: Gate, history: History, tag: str) -> Exchange:
    """A caller, held before this returns."""
    exchange = Exchange(history, gate.port, f"/hold/{tag}")
    assert gate.wait_tag(tag, DEADLINE_S)
    return exchange


def text(exchange: Exchange) -> str:
    answer = exchange.wait_answer(DEADLINE_S)
    assert answer is not None
    return f"{answer.status} {answer.text}"


def test_a_caller_is_held_until_it_is_released(gate: Gate, history: History) -> None:
    exchange = call(gate, history, "one")
    assert (gate.held, exchange.is_done) == (["one"], False)
    assert gate.release("one") == 1
    assert text(exchange) == "200 one"
    assert gate.held == []


def test_one_tag_goes_and_the_others_stay(gate: Gate, history: History) -> None:
    one, two = call(gate, history, "one"), call(gate, history, "two")
    gate.release("two")
    assert text(two) == "200 two"
    assert (gate.held, one.is_done) == (["one"], False)


def test_all_with_a_tag_go_at_once_and_none_with_another(gate: Gate, history: History) -> None:
    same = [Exchange(history, gate.port, "/hold/same") for _ in range(5)]
    assert gate.wait_held(5)
    assert gate.release("other") == 0
    assert gate.release("same") == 5
    assert [text(exchange) for exchange in same] == ["200 same"] * 5


def test_the_check_chooses_the_answer(gate: Gate, history: History) -> None:
    exchange = call(gate, history, "one")
    gate.release("one", status=503, body="no stock, sorry: ä")
    assert text(exchange) == "503 no stock, sorry: ä"


def test_a_call_may_be_broken_off_unanswered(gate: Gate, history: History) -> None:
    one, two = call(gate, history, "one"), call(gate, history, "two")
    assert gate.break_off("one") == 1
    assert one.wait_answer(DEADLINE_S) is None
    assert isinstance(one.error, ConnectionResetError)
    assert (gate.held, gate.left, two.is_done) == (["two"], 0, False)


def test_a_tag_may_hold_any_character(gate: Gate, history: History) -> None:
    exchange = Exchange(history, gate.port, "/hold/K%C3%A4se%20%26%20Brot")
    assert gate.wait_tag("Käse & Brot")
    gate.release()
    assert text(exchange) == "200 Käse & Brot"


def test_what_was_held_together_is_counted(gate: Gate, history: History) -> None:
    for tag in ("one", "two", "three"):
        call(gate, history, tag)
    gate.release("one")
    call(gate, history, "four")
    assert (gate.peak, gate.arrived, len(gate.held)) == (3, 4, 3)


def test_all_that_was_sent_is_counted_when_it_has_settled(gate: Gate) -> None:
    for count in range(1, 101):
        with closing(socket.create_connection(("127.0.0.1", gate.port))) as caller:
            caller.sendall(b"GET /hold/late HTTP/1.0\r\n\r\n")
            gate.wait_settled()
            assert gate.arrived == count


def test_waiting_for_too_many_ends_at_the_deadline(gate: Gate, history: History) -> None:
    call(gate, history, "one")
    assert gate.wait_held(2, deadline_s=0.05) is False
    assert gate.wait_tag("two", deadline_s=0.05) is False


def test_a_caller_that_hangs_up_is_told_and_no_longer_held(gate: Gate, history: History) -> None:
    exchange = call(gate, history, "one")
    exchange.hang_up()
    assert gate.wait_left(1, DEADLINE_S)
    assert (gate.held, gate.left) == ([], 1)
    assert [event["tag"] for event in history.events(EventKind.GATE_LEFT)] == ["one"]


def test_an_open_gate_holds_nobody(gate: Gate, history: History) -> None:
    held = call(gate, history, "held")
    gate.open()
    assert text(held) == "200 held"
    assert text(Exchange(history, gate.port, "/hold/later")) == "200 later"
    assert gate.peak == 1


def test_a_reset_gate_begins_anew(gate: Gate, history: History) -> None:
    before = call(gate, history, "before")
    gate.reset()
    assert text(before) == "200 before"
    assert (gate.peak, gate.arrived, gate.left, gate.held) == (0, 0, 0, [])
    after = call(gate, history, "after")
    assert (gate.held, after.is_done) == (["after"], False)


def test_closing_answers_those_who_are_held(history: History) -> None:
    gate = Gate(history)
    held = [Exchange(history, gate.port, f"/hold/{number}") for number in range(20)]
    assert gate.wait_held(20)
    gate.close()
    assert sorted(text(exchange) for exchange in held) == sorted(f"200 {number}" for number in range(20))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gate.port), timeout=DEADLINE_S)


@pytest.mark.parametrize("spoken", [b"", b"not http\r\n\r\n", b"GET", b"\x16\x03\x01\x00", b"x" * 200_000])
def test_callers_that_speak_no_http_disturb_nobody(gate: Gate, history: History, spoken: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=DEADLINE_S) as odd:
        odd.sendall(spoken)
    exchange = call(gate, history, "one")
    gate.release("one")
    assert text(exchange) == "200 one"


def test_hundreds_are_held_together(gate: Gate, history: History) -> None:
    many = [Exchange(history, gate.port, f"/hold/{number}") for number in range(300)]
    assert gate.wait_held(300, DEADLINE_S)
    assert gate.release() == 300
    assert all(exchange.wait_answer(DEADLINE_S) for exchange in many)


def test_arrivals_and_releases_are_in_the_history_in_their_order(gate: Gate, history: History) -> None:
    one, two = call(gate, history, "one"), call(gate, history, "two")
    gate.release("two")
    text(two)
    gate.release("one")
    text(one)
    told = [(event.kind, event["tag"]) for event in history.events(EventKind.GATE_ARRIVED, EventKind.GATE_RELEASED)]
    assert told == [
        ("gate.arrived", "one"),
        ("gate.arrived", "two"),
        ("gate.released", "two"),
        ("gate.released", "one"),
    ]
