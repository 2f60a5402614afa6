"""One app, three doors: CGI, a WSGI server and an ASGI adapter of the learner's, and the choice between them."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.site import SelfBound, Site
from checker.harness.suite import needs
from checker.stage_1.gateways import rows
from checker.stage_1.gateways.doors import (
    TAKES_TURNS_S,
    blocked,
    closes,
    flows,
    lab_environment,
    opened,
    starts_late,
    starts_once,
    succeeded,
    survives,
    through_cgi,
    writes,
    writes_at_once,
)
from checker.stage_1.gateways.environ import (
    BODY,
    WAYS,
    comes_in_pieces,
    echo_of,
    environ_of,
    keeps_slashes,
    reads_whole,
    validated,
)
from checker.stage_1.gateways.visitors import (
    answers_head,
    closes_whatever_happens,
    comes_for_nothing,
    ends_where_it_says,
    holds_back,
    notices_who_left,
    speaks_http_1_0,
)
from course.model import Value

# Nobody reads so much at once; what ends early or late shows.
LARGE_BODY = bytes(range(256)) * 1200
VISITS = 15
ECHO = "/echo/caf%C3%A9/menu"
ECHOED_PATH = "/echo/caf\N{LATIN SMALL LETTER E WITH ACUTE}/menu"


@pytest.fixture(scope="session")
def wsgi(self_bound: Callable[..., SelfBound], run: Run, gate: Gate) -> SelfBound:
    """The learner's WSGI server."""
    command = [sys.executable, "-m", "gateway.wsgi_server", "gateway_lab:application", "--port", "{port}"]
    return self_bound("wsgi_server", command, environment=lab_environment(run, gate))


@pytest.fixture(scope="session")
def adapter(uvicorn: Callable[..., Server], run: Run, gate: Gate) -> Server:
    """The learner's adapter under uvicorn."""
    environment = lab_environment(run, gate)
    return uvicorn("gateway_lab:asgi", arguments=["--lifespan", "off"], environment=environment)


@pytest.fixture(scope="session")
def answers(program: Callable[..., Program]) -> rows.Answers:
    """What the learner's function says to every row."""
    return rows.ask(program, secrets.token_hex(8))


# --- the first door ------------------------------------------------------------------------------------


def test_cgi_answers(program: Callable[..., Program]) -> None:
    """CGI: a process answers the request in its environment, and waits for no body that never comes."""
    # As the web server passes it: percent-decoded bytes.
    variables = {"REQUEST_METHOD": "GET", "PATH_INFO": ECHOED_PATH, "QUERY_STRING": "cup=1&cup=2", "HTTP_X_TRACE": "t1"}
    wanted = "`python -m gateway.cgi_run` answers one GET on stdout"
    answer = through_cgi(program, "cgi_run get", variables, None, wanted)
    echo = _json(answer.body)
    echo_of(echo, method="GET", path=ECHOED_PATH, query={"cup": ["1", "2"]}, body="")


@needs("test_cgi_answers")
def test_cgi_reads_the_body(program: Callable[..., Program]) -> None:
    """CGI: a body is read from stdin, to where CONTENT_LENGTH says that it ends."""
    variables = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/echo/order",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": str(len(BODY)),
    }
    wanted = "`python -m gateway.cgi_run` answers one POST on stdout"
    answer = through_cgi(program, "cgi_run post", variables, BODY, wanted)
    body = BODY.decode("latin-1")
    echo_of(_json(answer.body), method="POST", path="/echo/order", body=body, content_type="text/plain")


# --- the second door -----------------------------------------------------------------------------------


def test_the_server_calls_the_app(wsgi: SelfBound) -> None:
    """WSGI: the server calls the app and sends what it gives, to one visitor after another."""
    wsgi.ready("/lab/closing/first")
    for number in (1, 2):
        wanted = "the app's answer: status 200 and the body `closing`"
        answer = succeeded(wsgi, wsgi.send("/lab/closing/more", label=f"visitor {number}"), wanted)
        if answer.status != 200 or answer.body != b"closing":
            fail("environ-wrong", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")


@needs("test_the_server_calls_the_app")
def test_the_environ_tells_the_request(wsgi: SelfBound) -> None:
    """WSGI: the environ tells the request as PEP 3333 wants it told."""
    environ_of(wsgi, "an environ for a POST without a body", port=wsgi.port)
    keeps_slashes(wsgi)


@needs("test_the_environ_tells_the_request")
def test_a_body_arrives_whole(wsgi: SelfBound) -> None:
    """WSGI: a body arrives whole, and ends where the request's ends, whichever way it is read."""
    _reads_bodies(wsgi)


@needs("test_a_body_arrives_whole")
def test_a_head_arrives_in_pieces(wsgi: SelfBound) -> None:
    """WSGI: a head that arrives in pieces is read to its end."""
    comes_in_pieces(wsgi)


@needs("test_a_body_arrives_whole")
def test_the_validator_is_content(wsgi: SelfBound) -> None:
    """WSGI: wsgiref.validate has nothing to complain about."""
    validated(wsgi)


@needs("test_the_server_calls_the_app")
def test_a_head_waits_for_the_first_byte(wsgi: SelfBound) -> None:
    """WSGI: the head waits for the body's first byte, and can be replaced until then."""
    starts_late(wsgi)


@needs("test_the_server_calls_the_app")
def test_write_writes(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: start_response returns write(), and what it is given leaves at once."""
    writes(wsgi)
    writes_at_once(wsgi, gate)


@needs("test_the_environ_tells_the_request")
def test_each_chunk_leaves_at_once(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: each chunk leaves before the app makes the next."""
    flows(wsgi, gate, "/stream/cup/", "cup")


@needs("test_the_server_calls_the_app")
def test_an_error_is_answered(wsgi: SelfBound) -> None:
    """WSGI: an app that raises costs its visitor a 500, and the server goes on, as after a visit without a request."""
    survives(wsgi)
    comes_for_nothing(wsgi)


@needs("test_an_error_is_answered", "test_a_head_waits_for_the_first_byte")
def test_start_response_is_called_once(wsgi: SelfBound) -> None:
    """WSGI: a second start_response raises, without exc_info always, and with it when the head has left."""
    starts_once(wsgi)


@needs("test_an_error_is_answered", "test_write_writes")
def test_head_has_no_body(wsgi: SelfBound) -> None:
    """WSGI: a HEAD request is answered without a body, whatever the app yields or writes."""
    answers_head(wsgi)


@needs("test_an_error_is_answered", "test_a_head_waits_for_the_first_byte", "test_write_writes")
def test_an_answer_ends_where_it_says(wsgi: SelfBound) -> None:
    """WSGI: an answer ends where its Content-Length says, and a client of HTTP/1.0 understands it."""
    ends_where_it_says(wsgi)
    speaks_http_1_0(wsgi)


@needs("test_an_error_is_answered", "test_the_environ_tells_the_request")
def test_multithread_is_true_or_false(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: wsgi.multithread and wsgi.multiprocess say whether two requests are ever served together."""
    flags, says = _flags(wsgi)
    visitors = [wsgi.send(f"/lab/held/visit-{n}", label=f"visitor {n}") for n in (1, 2)]
    if any(flags.values()):
        if not gate.wait_held(2):
            fail("multithread-untrue", wanted=f"two requests together: {says}", saw=f"{gate.peak} at a time")
    elif gate.wait_held(2, TAKES_TURNS_S):
        fail("multithread-untrue", wanted=f"one request at a time: {says}", saw="two at the same time")
    gate.open()
    for visitor in visitors:
        succeeded(wsgi, visitor, "both visitors are answered in the end")


# The last of these: it may leave a server behind that has ended.
@needs("test_an_error_is_answered", "test_each_chunk_leaves_at_once")
def test_close_is_called(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: close() is called, whatever happens; and a visitor who leaves does not end the server."""
    closes_whatever_happens(wsgi, gate)


# --- the third door ------------------------------------------------------------------------------------


def test_the_adapter_answers(adapter: Server) -> None:
    """ASGI: behind uvicorn, the adapter calls the app with the same environ."""
    opened(adapter, "/lab/closing/first")
    wanted = "the app's answer: status 200 and the body `closing`"
    answer = succeeded(adapter, adapter.send("/lab/closing/more", label="visitor"), wanted)
    if answer.status != 200 or answer.body != b"closing":
        fail("environ-wrong", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")
    environ_of(adapter, "an environ for a POST without a body", port=adapter.port)


@needs("test_the_adapter_answers")
def test_the_adapter_keeps_the_duties(adapter: Server) -> None:
    """ASGI: the adapter keeps a WSGI server's duties: bodies, write(), the head, errors, close()."""
    _reads_bodies(adapter)
    validated(adapter)
    writes(adapter)
    starts_late(adapter)
    survives(adapter)
    starts_once(adapter)
    since = History.now()
    succeeded(adapter, adapter.send("/lab/closing/whole", label="whole"), "an answer")
    closes(adapter, "whole", "after the last chunk", since)
    adapter.send("/lab/break/broken", label="app that breaks off").answer()
    closes(adapter, "broken", "when the app raised in its body", since)


@needs("test_the_adapter_answers")
def test_two_requests_wait_together(adapter: Server, gate: Gate) -> None:
    """ASGI: two requests wait in the app at the same time, the loop stays free, and the environ says so."""
    since = History.now()
    wanted = "two requests wait in the app at the same time"
    visitors = [adapter.send(f"/lab/held/visit-{n}", label=f"visitor {n}") for n in (1, 2)]
    if not gate.wait_held(2):
        blocked(adapter, since, wanted)
        fail("requests-take-turns", wanted=wanted, saw=f"{gate.peak} at a time; the loop was free meanwhile")
    gate.open()
    for visitor in visitors:
        succeeded(adapter, visitor, wanted)
    blocked(adapter, since, "nothing blocks the event loop's own thread", 0)
    flags, says = _flags(adapter)
    if not any(flags.values()):
        fail("multithread-untrue", wanted="wsgi.multithread is True where two requests are served together", saw=says)


@needs("test_two_requests_wait_together")
def test_the_adapter_streams(adapter: Server, gate: Gate) -> None:
    """ASGI: each chunk leaves before the app makes the next."""
    flows(adapter, gate, "/stream/cup/", "cup")
    writes_at_once(adapter, gate)


@needs("test_the_adapter_streams")
def test_a_slow_visitor_holds_the_app_back(adapter: Server, gate: Gate) -> None:
    """ASGI: a visitor who reads slowly holds the app back."""
    holds_back(adapter, gate)


@needs("test_a_slow_visitor_holds_the_app_back")
def test_an_app_without_a_visitor_is_closed(adapter: Server, gate: Gate) -> None:
    """ASGI: when the visitor has left, the app is closed before it has made the rest."""
    notices_who_left(adapter, gate)


# --- all three -----------------------------------------------------------------------------------------


@needs(
    "test_cgi_reads_the_body", "test_a_body_arrives_whole", "test_close_is_called", "test_two_requests_wait_together"
)
def test_one_answer_through_three_doors(
    program: Callable[..., Program], wsgi: SelfBound, adapter: Server, history: History, picture: Picture
) -> None:
    """The same request gets the same answer through all three doors; what it costs is measured."""
    body, headers = BODY.decode("latin-1"), {"Cookie": "cup=large", "Content-Type": "text/plain"}
    wanted = {"method": "POST", "path": ECHOED_PATH, "query": {"sugar": ["two lumps"]}, "body": body}
    variables = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": ECHOED_PATH,
        "QUERY_STRING": "sugar=two+lumps",
        "CONTENT_LENGTH": str(len(BODY)),
        "CONTENT_TYPE": "text/plain",
        "HTTP_COOKIE": "cup=large",
    }
    costs: list[Value] = []
    lanes: list[Lane] = []
    stretches, pids = [], set()
    for number in (1, 2, 3):
        began = history.now()
        answer = through_cgi(program, f"cgi_run {number}", variables, BODY, "one more POST through CGI")
        stretches.append(Stretch(began, history.now()))
        echo = _json(answer.body)
        echo_of(echo, **wanted, cookies={"cup": "large"})
        pids.add(echo["pid"])
    costs.append(_cost("CGI", stretches, len(pids)))
    lanes.append(Lane("CGI", stretches))
    for name, site in (("your WSGI server", wsgi), ("your adapter", adapter)):
        stretches, pids = [], set()
        for _ in range(VISITS):
            began = history.now()
            visit = site.send(f"{ECHO}?sugar=two+lumps", method="POST", body=BODY, headers=headers, label=name)
            echo = succeeded(site, visit, f"an answer through {name}").json()
            stretches.append(Stretch(began, history.now()))
            echo_of(echo, **wanted, cookies={"cup": "large"})
            pids.add(echo["pid"])
        costs.append(_cost(name, stretches, len(pids)))
        lanes.append(Lane(name, stretches))
    picture.lanes("all requests, by the door they came through", lanes)
    picture.chart("one request, by the door it came through", "ms", costs, log=True)


# --- the choice ----------------------------------------------------------------------------------------


def test_the_interface_can_do_it(answers: rows.Answers) -> None:
    """Choice: over some forty sites the interface can do what is needed, and is not chosen for nothing."""
    rows.judge_interfaces(answers)


@needs("test_the_interface_can_do_it")
def test_the_size_follows_the_load(answers: rows.Answers) -> None:
    """Choice: slots follow Little's law, processes follow the computing, and the reasons are true."""
    rows.judge_sizes(answers)
    rows.judge_reasons(answers)


@needs("test_the_interface_can_do_it")
def test_a_further_need_never_moves_towards_wsgi(answers: rows.Answers) -> None:
    """Choice: a further need never moves a site towards WSGI, and more traffic never makes it smaller."""
    rows.judge_changes(answers)


def _flags(site: Site) -> tuple[dict[str, Any], str]:
    """What the environ says of requests that are served together, and that as half a sentence."""
    environ = environ_of(site, "an environ", port=site.port)
    flags = {f"wsgi.{name}": environ.get(f"wsgi.{name}") for name in ("multithread", "multiprocess")}
    return flags, ", ".join(f"{name} is {flag}" for name, flag in flags.items())


def _reads_bodies(site: Site) -> None:
    for page in WAYS:
        for body in (BODY, LARGE_BODY):
            reads_whole(site, page, body)
    reads_whole(site, "whole", b"")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _cost(name: str, stretches: list[Stretch], pids: int) -> Value:
    took_s = [(stretch.end_s or stretch.start_s) - stretch.start_s for stretch in stretches]
    note = f"{pids} process{'es' if pids > 1 else ''} for {len(took_s)} requests"
    return Value(name, round(median(took_s) * 1000, 2), note)
