"""All three doors: one request gets one answer, and each door has its price."""

from __future__ import annotations

import signal
from pathlib import Path
from statistics import median

from checker.harness import starters
from checker.harness.calibration import slowness
from checker.harness.findings import fail
from checker.harness.gunicorn.master import send
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.server import Server
from checker.harness.site import SelfBound
from checker.harness.suite import needs
from checker.stage_1.gateways.answers import expect_success, line_of
from checker.stage_1.gateways.bodies import BODY
from checker.stage_1.gateways.cgi_door import expect_cgi_answer
from checker.stage_1.gateways.environ import ECHO, ECHOED_PATH, expect_echo
from course.pictures import Value

VISITS = 15
END_S = 6.0  # only a server that does not end takes that long


@needs(
    "test_cgi_reads_the_body", "test_a_body_arrives_whole", "test_close_is_called", "test_two_requests_wait_together"
)
def test_one_answer_through_three_doors(
    program: starters.Program, project: Path, wsgi: SelfBound, adapter: Server, picture: Picture
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
    for number in (1, 2):  # each is a process that imports Django: the dearest half second of all checks
        began = History.now()
        answer = expect_cgi_answer(
            program, project, f"cgi_run {number}", variables, body=BODY, wanted="one more POST through CGI"
        )
        stretches.append(Stretch(began, History.now()))
        echo = answer.json()
        expect_echo(echo, **wanted, cookies={"cup": "large"})
        pids.add(echo["pid"])
    costs.append(_cost("CGI", stretches, len(pids)))
    lanes.append(Lane("CGI", stretches))
    for name, site in (("your WSGI server", wsgi), ("your adapter", adapter)):
        stretches, pids = [], set()
        for _ in range(VISITS):
            began = History.now()
            visit = site.send(f"{ECHO}?sugar=two+lumps", method="POST", body=BODY, headers=headers, label=name)
            echo = expect_success(site, visit, f"an answer through {name}").json()
            stretches.append(Stretch(began, History.now()))
            expect_echo(echo, **wanted, cookies={"cup": "large"})
            pids.add(echo["pid"])
        costs.append(_cost(name, stretches, len(pids)))
        lanes.append(Lane(name, stretches))
    picture.lanes("all requests, by the door they came through", lanes)
    picture.chart("one request, by the door it came through", "ms", costs, log=True)


@needs("test_close_is_called")
def test_term_ends_the_server(wsgi: SelfBound) -> None:
    """WSGI: SIGTERM ends the server."""
    send(wsgi, signal.SIGTERM)
    if wsgi.process.wait(END_S * slowness()) is None:
        wanted = "SIGTERM, by which process managers and containers end a server, ends yours"
        where = line_of(wsgi, r".*SIGTERM", r"\s*except (BaseException|SystemExit)", r"def main")
        fail("term-ignored", wanted=wanted, saw="it still runs, and would have to be killed", where=where)


def _cost(name: str, stretches: list[Stretch], pids: int) -> Value:
    took_s = [(stretch.end_s or stretch.start_s) - stretch.start_s for stretch in stretches]
    note = f"{pids} process{'es' if pids > 1 else ''} for {len(took_s)} requests"
    return Value(name, round(median(took_s) * 1000, 2), note)
