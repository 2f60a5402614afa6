"""What a server and an adapter both owe the app: chunks at once, start_response, write(), errors, close()."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import ANSWER_DEADLINE_S
from checker.harness.site import Site
from checker.stage_1.gateways.answers import expect_answer, expect_free_loop, expect_success, last_error
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import wait_told
from checker.stage_1.gateways.raw_requests import raw_answer
from course.model import SourceLine

COMPLAINT_DEADLINE_S = 2.0
LAST_WORDS_S = 2.0


def expect_flow(site: Site, gate: Gate, path: str, tag: str) -> None:
    """Three chunks, each of which must reach the visitor before the app is let go on to the next."""
    wanted = "each chunk is with the visitor before the app makes the next"
    since = History.now()
    with site.stream(path, label="stream") as stream:
        for number in (1, 2, 3):
            if not gate.wait_tag(f"{tag}-{number}"):
                expect_free_loop(site, since, wanted)
                saw = f"chunk {number} was never asked for; the visitor has {stream.body!r}"
                fail("chunks-held-back", wanted=wanted, saw=saw)
            gate.release(f"{tag}-{number}")
            if not stream.read_until(f"{tag}-{number}\n".encode(), ANSWER_DEADLINE_S):
                expect_free_loop(site, since, wanted)
                ahead = f"the app was already asked for chunk {number + 1}" if gate.held else "it stays with your code"
                saw = f"chunk {number} did not arrive: {ahead}"
                fail("chunks-held-back", wanted=wanted, saw=saw)
        if not stream.read_to_end(ANSWER_DEADLINE_S):
            fail("chunks-held-back", wanted="after the last chunk the response ends", saw="it is still open")


def expect_late_start(site: Site) -> None:
    """The head waits for the first byte of the body, and exc_info replaces it until then."""
    wanted = "status 203 and the body `lazy`, from an app that calls start_response when its first chunk is asked for"
    answer = expect_success(site, site.send("/lab/lazy/", label="lazy app"), wanted)
    if answer.status != 203 or answer.body != b"lazy" or answer.headers.get("X-Lab") != "lazy":
        fail("late-error-lost", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")
    wanted = "status 503 and the body `sorry`: the app had yielded only b'' when it called start_response again"
    since = History.now()
    late = site.send("/lab/late/", label="late error")
    again = wait_told(site, Kind.LAB_AGAIN, since=since)
    if again is not None and again["is_given"]:
        fail("late-error-lost", wanted=wanted, saw="it raised the error it was given, as if the head had left already")
    answer = expect_answer(site, late, wanted)
    if answer.status != 503 or answer.body != b"sorry" or answer.headers.get("X-Lab") != "late":
        trouble = last_error(site)
        why = f"; {trouble[0]}" if trouble else ""
        saw = f"status {answer.status}, {answer.text[:80]!r}{why}"
        fail("late-error-lost", wanted=wanted, saw=saw, where=trouble[1] if trouble else None)


def expect_one_start(site: Site) -> None:
    """A second call of start_response is an error without exc_info, and with it once the head has left."""
    for page, when, what in (
        ("twice", "without exc_info", "a second start_response without exc_info raises"),
        ("restart", "behind the head", "start_response with exc_info raises that error again when the head has left"),
    ):
        since = History.now()
        visit = site.send(f"/lab/{page}/", label=f"started again {when}")
        again = wait_told(site, Kind.LAB_AGAIN, since=since)
        if again is None:
            expect_answer(site, visit, what)
            fail("started-again", wanted=what, saw="the app never came so far as to call it again")
        if not again["raised"]:
            fail("started-again", wanted=what, saw="it returned, and the app went on")
        if page == "restart" and not again["is_given"]:
            fail("started-again", wanted=what, saw=f"it raised another one: {again['raised']}")
        visit.wait_answer()


def expect_writes(site: Site) -> None:
    """The callable that start_response returns is a second way out for the body."""
    wanted = "the body `written, returned`, of which the app gave the first half to what start_response returned"
    since = History.now()
    answer = expect_answer(site, site.send("/lab/write/", label="write()"), wanted)
    event = wait_told(site, Kind.LAB_WRITE, since=since)
    if event is not None and not event["is_callable"]:
        fail("write-missing", wanted=wanted, saw="start_response returned something that cannot be called")
    if answer.body != b"written, returned":
        fail("write-missing", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")


def expect_writes_at_once(site: Site, gate: Gate) -> None:
    """What is written is with the visitor before the app goes on."""
    wanted = "what the app gives to write() is with the visitor before the app goes on, and gives []"
    since = History.now()
    with site.stream("/lab/write/early", label="write() at once") as stream:
        if not gate.wait_tag("early"):
            expect_free_loop(site, since, wanted)
            fail("write-missing", wanted=wanted, saw="the app did not come back from its write()")
        if not stream.read_until(b"written, ", ANSWER_DEADLINE_S):
            expect_free_loop(site, since, wanted)
            saw = f"the app is back from write(), and the visitor has {stream.body!r}"
            fail("write-missing", wanted=wanted, saw=saw)
        gate.release("early")
        stream.read_to_end(ANSWER_DEADLINE_S)


def expect_survival(site: Site) -> None:
    """An error before the first byte is a 500, one in the middle ends the connection, and the server goes on."""
    wanted = "status 500 when the app raises before its first byte"
    failing = site.send("/lab/raise/", label="app that raises")
    answer = failing.wait_answer()
    if answer is None or answer.status != 500:
        ended = (
            "your server has ended" if site.process.wait(0.2) is not None else f"the connection broke: {failing.error}"
        )
        saw = ended if answer is None else f"status {answer.status}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site) if answer is None else None)
    broken = site.send("/lab/break/broken", label="app that breaks off")
    if broken.wait_answer() is None and not broken.is_done:
        fail("error-not-answered", wanted="the connection ends when the app raises in its body", saw="it stays open")
    wanted = "the next visitor is served after an app has raised in the middle of its body"
    after = site.send("/lab/closing/after", label="the next visitor")
    if (answer := after.wait_answer()) is None or answer.body != b"closing":
        saw = f"status {answer.status}" if answer else f"no answer: {after.error or 'the request is still open'}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site))
    said = raw_answer(site, "GET", "/lab/cut/", "Host: localhost", "Connection: close")
    head, _, body = said.partition(b"\r\n\r\n")
    if b"transfer-encoding" in head.lower() and body.endswith(b"0\r\n\r\n"):
        wanted = "no last chunk behind a body in which the app raised: it must not look whole"
        fail("broken-looks-whole", wanted=wanted, saw=f"the body {body[:80]!r}")


def _place_of(site: Site) -> SourceLine | None:
    trouble = last_error(site)
    return trouble[1] if trouble else None


def expect_next_visitor_served(site: Site, after: str) -> None:
    """The next visitor is served, whatever the one before did."""
    exchange = site.send("/lab/closing/next", label="the next visitor")
    answer = exchange.wait_answer()
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


def expect_close(site: Site, tag: str, when: str, since: float) -> None:
    """`close()` of the app's iterable was called."""
    if wait_told(site, Kind.LAB_CLOSED, since=since, tag=tag) is None:
        fail("close-not-called", wanted=f"close() of the app's iterable is called {when}", saw="it was not called")


def expect_valid(site: Site) -> None:
    """wsgiref.validate, between the server and an app that reads lines, has no complaint."""
    wanted = "wsgiref.validate has nothing to complain about"
    since = History.now()
    body = b"first line\nrest of the body\n"
    exchange = site.send(
        "/lab/strict/", method="POST", body=body, headers={"Content-Type": "text/plain"}, label="strict"
    )
    answer = exchange.wait_answer()
    if answer is None or answer.body != b"strict":
        if complaint := wait_told(site, Kind.LAB_VIOLATION, since=since, deadline_s=COMPLAINT_DEADLINE_S):
            fail("wsgi-violation", wanted=wanted, saw=str(complaint["message"])[:300], where=complaint.where)
        answer = expect_answer(site, exchange, wanted)
        fail("wsgi-violation", wanted=wanted, saw=f"status {answer.status}, {answer.text[:200]!r}")
    lines = wait_told(site, Kind.LAB_LINES, since=since)
    if lines is None or (lines["first"], lines["second"], lines["rest"]) != ("first line\n", "rest", 1):
        saw = "nothing" if lines is None else f"readline() gave {lines['first']!r}, read(4) {lines['second']!r}"
        fail("body-wrong", wanted="wsgi.input gives a body's lines and pieces in their order", saw=saw)
