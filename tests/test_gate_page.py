"""The Gate's page: it tells whom the Gate holds, lets go and holds, and does it for nobody else's page."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from checker.harness.gate import Gate
from checker.harness.gate_page import MOST_BYTES, GatePage
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


@pytest.fixture
def page(gate: Gate) -> Iterator[GatePage]:
    with GatePage(gate) as page:
        yield page


def ask(
    page: GatePage, method: str, path: str, body: str | bytes = "", headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Status and body of one request."""
    with closing(http.client.HTTPConnection("127.0.0.1", page.port, timeout=DEADLINE_S)) as connection:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def state(page: GatePage) -> dict[str, object]:
    status, body = ask(page, "GET", "/state")
    assert status == 200
    told: dict[str, object] = json.loads(body)
    return told


def post(page: GatePage, path: str, **asked: object) -> int:
    return ask(page, "POST", path, json.dumps(asked))[0]


def held(gate: Gate, history: History, *tags: str) -> list[Exchange]:
    """Callers, in this order, held before this returns."""
    calls = []
    for tag in tags:
        calls.append(Exchange(history, gate.port, f"/hold/{tag}"))
        assert gate.wait_tag(tag, DEADLINE_S)
    return calls


def came_to(call: Exchange) -> tuple[int, str]:
    answer = call.wait_answer(DEADLINE_S)
    assert answer is not None
    return answer.status, answer.text


def test_the_page_is_one_file_that_needs_no_other(page: GatePage) -> None:
    status, text = ask(page, "GET", "/")
    assert status == 200
    assert "<title>The Gate</title>" in text
    assert "src=" not in text
    assert "http" not in text.replace("https://", "http://").partition("<style>")[0]


def test_it_tells_whom_the_gate_holds(page: GatePage, gate: Gate, history: History) -> None:
    assert state(page) == {"held": [], "arrived": 0, "left": 0, "is_open": False}
    calls = held(gate, history, "report-1", "report-2")
    calls[1].hang_up()
    assert gate.wait_until(lambda: gate.left == 1, DEADLINE_S)
    assert state(page) == {"held": ["report-1"], "arrived": 2, "left": 1, "is_open": False}


def test_one_is_let_go_and_the_others_are_held_on(page: GatePage, gate: Gate, history: History) -> None:
    one, _ = held(gate, history, "one", "two")
    assert post(page, "/release", tag="one") == 204
    assert came_to(one) == (200, "one")
    assert gate.held == ["two"]


def test_all_are_let_go_and_who_comes_then_is_held(page: GatePage, gate: Gate, history: History) -> None:
    calls = held(gate, history, "one", "two")
    assert post(page, "/release") == 204
    assert [came_to(call) for call in calls] == [(200, "one"), (200, "two")]
    held(gate, history, "three")


def test_one_is_failed(page: GatePage, gate: Gate, history: History) -> None:
    [one] = held(gate, history, "one")
    assert post(page, "/release", tag="one", status=500) == 204
    assert came_to(one)[0] == 500


def test_who_is_let_go_hears_what_the_stack_has_the_gate_answer(page: GatePage, gate: Gate, history: History) -> None:
    gate.answer = lambda tag: f"{tag} costs 11.10"
    [one] = held(gate, history, "acme")
    assert post(page, "/release", tag="acme") == 204
    assert came_to(one) == (200, "acme costs 11.10")


def test_the_gate_is_opened_and_holds_again(page: GatePage, gate: Gate, history: History) -> None:
    [one] = held(gate, history, "one")
    assert post(page, "/hold", is_open=True) == 204
    assert came_to(one) == (200, "one")
    assert came_to(Exchange(history, gate.port, "/hold/two")) == (200, "two")
    assert state(page)["is_open"] is True
    assert post(page, "/hold", is_open=False) == 204
    held(gate, history, "three")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
    ],
    ids=str,
)
def test_a_foreign_page_is_refused(page: GatePage, gate: Gate, history: History, headers: Mapping[str, str]) -> None:
    held(gate, history, "one")
    for method, path in (("GET", "/"), ("GET", "/state"), ("POST", "/release"), ("POST", "/hold")):
        assert ask(page, method, path, '{"is_open": true}', headers) == (403, "")
    assert gate.held == ["one"]


def test_its_own_page_is_not(page: GatePage) -> None:
    for host in ("127.0.0.1", "localhost"):
        own = {"Host": f"{host}:{page.port}", "Origin": f"http://{host}:{page.port}"}
        assert ask(page, "POST", "/release", "{}", own)[0] == 204


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"[]",
        b"1",
        b'{"tag": 7}',
        b'{"status": "500"}',
        b'{"status": 99}',
        b'{"status": 1e9}',
        b'{"status": true}',
        b"\xff\xfe",
        b"[" * 5000,
        b" " * (MOST_BYTES + 1),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_an_odd_body_is_no_request(page: GatePage, gate: Gate, history: History, body: bytes) -> None:
    held(gate, history, "one")
    assert ask(page, "POST", "/release", body)[0] == 400
    assert gate.held == ["one"]


def test_a_body_of_an_odd_length_is_no_request(page: GatePage) -> None:
    for length in ("-1", "many"):
        assert ask(page, "POST", "/release", headers={"Content-Length": length})[0] == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/held"), ("POST", "/"), ("POST", "/state")])
def test_there_is_nothing_else(page: GatePage, method: str, path: str) -> None:
    assert ask(page, method, path, "{}")[0] == 404


def test_it_stands_where_it_stood_or_elsewhere(gate: Gate, page: GatePage) -> None:
    with GatePage(gate, page.port) as second:  # somebody has it
        other = second.port
        assert other != page.port
    with GatePage(gate, other) as third:
        assert third.port == other
