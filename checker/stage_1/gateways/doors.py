"""The three doors as their checks meet them: how each is opened, what is sent through, and why nothing came back.

Gives the findings that several checks share; what is promised stands in test_gateways.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from checker.harness import diagnosis, tracebacks
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import ANSWER_DEADLINE_S, Answer, Exchange
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import BOOT_DEADLINE_S, SelfBound, Site
from checker.stage_1.gateways.wire import raw
from course.model import Place

LAB = Path(__file__).with_name("inside") / "gateway_lab.py"
LAST_WORDS_S = 2.0
# What a server of one request at a time would let in, if it were none: only such servers pay this.
TAKES_TURNS_S = 1.5

CGI_VARIABLES = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_SOFTWARE": "learn",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "REMOTE_ADDR": "127.0.0.1",
    "SCRIPT_NAME": "",
    "QUERY_STRING": "",
    "HTTP_HOST": "localhost",
}


def lab_environment(run: Run, gate: Gate) -> dict[str, str]:
    """The variables by which the learner's process finds our lab, the probe's journal and the Gate."""
    folder = run.temporary / "lab"
    folder.mkdir(exist_ok=True)
    shutil.copy(LAB, folder)
    return {
        "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(folder)]),
        "LEARN_PROBE": str(run.history.probe_socket),
        "LEARN_PROJECT": str(run.project),
        "UPSTREAM_URL": gate.url,
    }


# --- the first door ----------------------------------------------------------------------------------


class CgiAnswer:
    """What a CGI program said: its header lines and its body. `trouble` says what is wrong with the head."""

    def __init__(self, said: bytes) -> None:
        head, mark, self.body = said.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        lines = head.decode("latin-1").splitlines()
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        # CGI leaves the Status line out for 200 (RFC 3875, 6.3.3).
        self.status = self.headers.get("status", "200")[:3]
        strange = next((line for line in lines if not re.match(r"^[\w-]+:", line)), None)
        self.trouble = ""
        if not said.strip():
            self.trouble = "nothing at all"
        elif strange is not None:
            self.trouble = f"the line {strange[:80]!r}, which is no header"
        elif not mark or "content-type" not in self.headers:
            self.trouble = f"no Content-Type and empty line before {said[:60]!r}"


def through_cgi(
    program: Callable[..., Program], name: str, variables: Mapping[str, str], body: bytes | None, wanted: str
) -> CgiAnswer:
    """One request through `gateway.cgi_run`, with a stdin that stays open behind the body."""
    environment = {**CGI_VARIABLES, **variables}
    door = program([sys.executable, "-m", "gateway.cgi_run"], name=name, environment=environment, stdin=None)
    if body:
        door.write(body)
    returncode = door.wait(BOOT_DEADLINE_S)
    if returncode is None:
        saw = f"no end within {BOOT_DEADLINE_S:.0f} s"
        door.close_stdin()
        if door.wait(ANSWER_DEADLINE_S) is None:
            fail("no-answer", wanted=wanted, saw=f"{saw}, and none after stdin was closed")
        fail("input-never-ends", wanted=wanted, saw=f"{saw}: it waited for more on stdin, until that was closed")
    door.close_stdin()
    answer = CgiAnswer(door.stdout)
    if returncode != 0 or (not door.stdout and "Traceback" in door.errors):
        raise door.crashed(wanted)
    if answer.trouble:
        fail("no-cgi-head", wanted=f"{wanted}: header lines, an empty line, the body", saw=f"stdout: {answer.trouble}")
    if answer.status != "200":
        last = "\n".join(f"  {line}" for line in door.process.log.last_lines(6))
        fail("environ-wrong", wanted=wanted, saw=f"status {answer.status}\n{last}".rstrip())
    return answer


# --- the other two -----------------------------------------------------------------------------------


def asked(site: Site, exchange: Exchange, wanted: str, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
    """The whole answer, of whatever status. Else the check ends with why there is none, in the learner's own line."""
    answer = exchange.answer(deadline_s)
    if answer is not None:
        return answer
    if isinstance(site, SelfBound):
        _own_server_failed(site, exchange, wanted, deadline_s)
    raise diagnosis.no_answer(site, exchange, deadline_s)


def opened(site: Site, path: str) -> None:
    """Wait for the first answer, of whatever status. Else the check ends with why the server never came so far."""
    first = site.send(path, label="first request")
    if first.answer(BOOT_DEADLINE_S) is None:
        raise diagnosis.did_not_answer(site, first, BOOT_DEADLINE_S)


def succeeded(site: Site, exchange: Exchange, wanted: str) -> Answer:
    """The same, which must not be an error of the server's."""
    answer = asked(site, exchange, wanted)
    if answer.status < 500:
        return answer
    if isinstance(site, SelfBound) and (trouble := last_error(site)):
        fail("server-error", wanted=wanted, saw=f"status {answer.status}: {trouble[0]}", where=trouble[1])
    raise diagnosis.server_error(site, exchange, answer)


def _own_server_failed(site: SelfBound, exchange: Exchange, wanted: str, deadline_s: float) -> None:
    is_dead = site.process.wait(0.5) is not None
    trouble = last_error(site)
    if is_dead:
        error, place = trouble or ("no error in its log", None)
        saw = f"your server ended while it served {exchange.label}: {error}"
        fail("server-exited", wanted=wanted, saw=saw, where=place)
    if exchange.is_done and trouble:
        fail("server-error", wanted=wanted, saw=f"the connection broke: {trouble[0]}", where=trouble[1])
    if not exchange.is_done and not _is_entered(site, exchange):
        saw = f"nothing within {deadline_s:.0f} s, and the app was not called: your server waits for more of a request"
        fail("input-never-ends", wanted=wanted, saw=saw)


def _is_entered(site: Site, exchange: Exchange) -> bool:
    """Whether the app was called for it; a call whose environ lost the request's name may have been this one."""
    sent = [e.t for e in site.run.history.events("request.sent") if e["request"] == exchange.id]
    return any(e["request"] in ("", exchange.id) for e in site.seen("lab.entered", since=min(sent, default=0.0)))


def last_error(site: Site) -> tuple[str, Place | None] | None:
    """The last traceback in the server's log: its error, and the innermost line of the learner's folder."""
    site.process.log.wait_end(0.2)
    found = tracebacks.last(site.process.log.text, site.run.project)
    return None if found is None else (found.error, found.where)


def told(site: Site, kind: str, *, since: float, deadline_s: float = ANSWER_DEADLINE_S, **facts: Any) -> Event | None:
    """What the lab told from inside this server, waited for; None at the deadline."""

    def matches(event: Event) -> bool:
        return event["server"] == site.name and all(event[name] == value for name, value in facts.items())

    return site.run.history.wait_for(kind, matches, since=since, deadline_s=deadline_s)


# --- what both have to do ----------------------------------------------------------------------------


def flows(site: Site, gate: Gate, path: str, tag: str) -> None:
    """Three chunks, each of which must reach the visitor before the app is let go on to the next."""
    wanted = "each chunk is with the visitor before the app makes the next"
    since = History.now()
    with site.stream(path, label="stream") as stream:
        for number in (1, 2, 3):
            if not gate.wait_tag(f"{tag}-{number}"):
                blocked(site, since, wanted)
                saw = f"chunk {number} was never asked for; the visitor has {stream.body!r}"
                fail("chunks-held-back", wanted=wanted, saw=saw)
            gate.release(f"{tag}-{number}")
            if not stream.read_until(f"{tag}-{number}\n".encode(), ANSWER_DEADLINE_S):
                blocked(site, since, wanted)
                ahead = f"the app was already asked for chunk {number + 1}" if gate.held else "it stays with your code"
                saw = f"chunk {number} did not arrive: {ahead}"
                fail("chunks-held-back", wanted=wanted, saw=saw)
        if not stream.read_to_end(ANSWER_DEADLINE_S):
            fail("chunks-held-back", wanted="after the last chunk the response ends", saw="it is still open")


def _place_of(site: Site) -> Place | None:
    trouble = last_error(site)
    return trouble[1] if trouble else None


def blocked(site: Site, since: float, wanted: str, deadline_s: float = 0.5) -> None:
    """Say that the loop stood still, when it did."""
    if not isinstance(site, SelfBound) and (stall := diagnosis.blocked_loop(site, since=since, deadline_s=deadline_s)):
        raise diagnosis.loop_blocked(stall, wanted)


def starts_late(site: Site) -> None:
    """The head waits for the first byte of the body, and exc_info replaces it until then."""
    wanted = "status 203 and the body `lazy`, from an app that calls start_response when its first chunk is asked for"
    answer = succeeded(site, site.send("/lab/lazy/", label="lazy app"), wanted)
    if answer.status != 203 or answer.body != b"lazy" or answer.headers.get("X-Lab") != "lazy":
        fail("late-error-lost", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")
    wanted = "status 503 and the body `sorry`: the app had yielded only b'' when it called start_response again"
    since = History.now()
    late = site.send("/lab/late/", label="late error")
    again = told(site, "lab.again", since=since)
    if again is not None and again["is_given"]:
        fail("late-error-lost", wanted=wanted, saw="it raised the error it was given, as if the head had left already")
    answer = asked(site, late, wanted)
    if answer.status != 503 or answer.body != b"sorry" or answer.headers.get("X-Lab") != "late":
        trouble = last_error(site)
        why = f"; {trouble[0]}" if trouble else ""
        saw = f"status {answer.status}, {answer.text[:80]!r}{why}"
        fail("late-error-lost", wanted=wanted, saw=saw, where=trouble[1] if trouble else None)


def writes(site: Site) -> None:
    """The callable that start_response returns is a second way out for the body."""
    wanted = "the body `written, returned`, of which the app gave the first half to what start_response returned"
    since = History.now()
    answer = asked(site, site.send("/lab/write/", label="write()"), wanted)
    event = told(site, "lab.write", since=since)
    if event is not None and not event["is_callable"]:
        fail("write-missing", wanted=wanted, saw="start_response returned something that cannot be called")
    if answer.body != b"written, returned":
        fail("write-missing", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")


def writes_at_once(site: Site, gate: Gate) -> None:
    """What is written is with the visitor before the app goes on."""
    wanted = "what the app gives to write() is with the visitor before the app goes on, and gives []"
    since = History.now()
    with site.stream("/lab/write/early", label="write() at once") as stream:
        if not gate.wait_tag("early"):
            blocked(site, since, wanted)
            fail("write-missing", wanted=wanted, saw="the app did not come back from its write()")
        if not stream.read_until(b"written, ", ANSWER_DEADLINE_S):
            blocked(site, since, wanted)
            saw = f"the app is back from write(), and the visitor has {stream.body!r}"
            fail("write-missing", wanted=wanted, saw=saw)
        gate.release("early")
        stream.read_to_end(ANSWER_DEADLINE_S)


def survives(site: Site) -> None:
    """An error before the first byte is a 500, one in the middle ends the connection, and the server goes on."""
    wanted = "status 500 when the app raises before its first byte"
    failing = site.send("/lab/raise/", label="app that raises")
    answer = failing.answer()
    if answer is None or answer.status != 500:
        ended = (
            "your server has ended" if site.process.wait(0.2) is not None else f"the connection broke: {failing.error}"
        )
        saw = ended if answer is None else f"status {answer.status}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site) if answer is None else None)
    broken = site.send("/lab/break/broken", label="app that breaks off")
    if broken.answer() is None and not broken.is_done:
        fail("error-not-answered", wanted="the connection ends when the app raises in its body", saw="it stays open")
    wanted = "the next visitor is served after an app has raised in the middle of its body"
    after = site.send("/lab/closing/after", label="the next visitor")
    if (answer := after.answer()) is None or answer.body != b"closing":
        saw = f"status {answer.status}" if answer else f"no answer: {after.error or 'the request is still open'}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site))
    said = raw(site, "GET", "/lab/cut/", "Host: localhost", "Connection: close")
    head, _, body = said.partition(b"\r\n\r\n")
    if b"transfer-encoding" in head.lower() and body.endswith(b"0\r\n\r\n"):
        wanted = "no last chunk behind a body in which the app raised: it must not look whole"
        fail("broken-looks-whole", wanted=wanted, saw=f"the body {body[:80]!r}")


def goes_on(site: Site, after: str) -> None:
    """The next visitor is served, whatever the one before did."""
    exchange = site.send("/lab/closing/next", label="the next visitor")
    answer = exchange.answer()
    if answer is not None and answer.body == b"closing":
        return
    wanted = f"the next visitor is served after {after}"
    # A refused or broken connection is mostly a server that is about to end: on a busy machine that takes a while.
    has_broken = answer is None and exchange.is_done
    if site.process.wait(ANSWER_DEADLINE_S if has_broken else LAST_WORDS_S) is not None:
        error, place = last_error(site) or ("no error in its log", None)
        fail("visitor-ends-server", wanted=wanted, saw=f"your server has ended: {error}", where=place)
    saw = f"status {answer.status}" if answer else f"no answer: {exchange.error or 'the request is still open'}"
    fail("visitor-ends-server", wanted=wanted, saw=saw)


def closes(site: Site, tag: str, when: str, since: float) -> None:
    """`close()` of the app's iterable was called."""
    if told(site, "lab.closed", since=since, tag=tag) is None:
        fail("close-not-called", wanted=f"close() of the app's iterable is called {when}", saw="it was not called")


def starts_once(site: Site) -> None:
    """A second call of start_response is an error without exc_info, and with it once the head has left."""
    for page, when, what in (
        ("twice", "without exc_info", "a second start_response without exc_info raises"),
        ("restart", "behind the head", "start_response with exc_info raises that error again when the head has left"),
    ):
        since = History.now()
        visit = site.send(f"/lab/{page}/", label=f"started again {when}")
        again = told(site, "lab.again", since=since)
        if again is None:
            asked(site, visit, what)
            fail("started-again", wanted=what, saw="the app never came so far as to call it again")
        if not again["raised"]:
            fail("started-again", wanted=what, saw="it returned, and the app went on")
        if page == "restart" and not again["is_given"]:
            fail("started-again", wanted=what, saw=f"it raised another one: {again['raised']}")
        visit.answer()
