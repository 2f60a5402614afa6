"""What a server and an adapter both owe the app: chunks at once, start_response, write(), errors, close()."""

from __future__ import annotations

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import ANSWER_DEADLINE_S, Stream
from checker.harness.idle import Rest
from checker.harness.site import Site
from checker.harness.waiting import LOOK_EVERY_S, wait_until
from checker.stage_1.gateways.answers import (
    expect_answer,
    expect_free_loop,
    expect_success,
    fail_as_kept_open,
    last_error,
    line_of,
    wait_answer,
)
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import SOON_S, called_from, wait_told
from checker.stage_1.gateways.raw_requests import raw_answer
from course.model import SourceLine

COMPLAINT_DEADLINE_S = 2.0
LAST_WORDS_S = 2.0
# What stands in the line that is likeliest at fault, the likeliest first.
COLLECTS = (r"\.join\(", r"\blist\(", r"\.(?:append|extend)\(", r"\bfor .* in chunks\b")
SENDS_HEAD = (r"HTTP/1\.", r"http\.response\.start", "send_headers")
TAKES_FOR_LEAVING = (
    r"\bexcept\b.*Connection",
    r"\bexcept\b.*(?:OSError|BrokenPipe)",
    r"suppress\(.*(?:Connection|OSError)",
)


def expect_flow(site: Site, gate: Gate, path: str, tag: str) -> None:
    """Three chunks, each of which must reach the visitor before the app is let go on to the next."""
    wanted = "each chunk is with the visitor before the app makes the next"
    since = History.now()
    with site.stream(path, label="stream") as stream:
        for number in (1, 2, 3):
            if not wait_asked(site, gate, f"{tag}-{number}"):
                expect_free_loop(site, since, wanted)
                saw = f"chunk {number} was never asked for; the visitor has {stream.body!r}"
                fail("chunks-held-back", wanted=wanted, saw=saw, where=line_of(site, *COLLECTS))
            gate.release(f"{tag}-{number}")
            if not wait_heard(site, stream, f"{tag}-{number}\n".encode()):
                expect_free_loop(site, since, wanted)
                ahead = f"the app was already asked for chunk {number + 1}" if gate.held else "it stays with your code"
                saw = f"chunk {number} did not arrive: {ahead}"
                fail("chunks-held-back", wanted=wanted, saw=saw, where=line_of(site, *COLLECTS))
        if not stream.read_to_end(ANSWER_DEADLINE_S):
            where = line_of(site, r"\.accept\(")
            fail_as_kept_open("after the last chunk the response ends", "all three chunks arrived", where)


def wait_asked(site: Site, gate: Gate, tag: str) -> bool:
    """Whether the app has come to what this tag holds; False at the deadline, or when the server rests before that."""
    rest = Rest(site.process)
    return gate.wait_tag(tag, SOON_S) or wait_until(lambda: gate.wait_tag(tag, 0), ANSWER_DEADLINE_S, unless_ended=rest)


def wait_together(site: Site, gate: Gate) -> bool:
    """Whether two requests are in the app together; False at the deadline, or when the server rests with fewer."""
    rest = Rest(site.process)
    return gate.wait_held(2, SOON_S) or wait_until(lambda: gate.wait_held(2, 0), ANSWER_DEADLINE_S, unless_ended=rest)


def wait_heard(site: Site, stream: Stream, token: bytes) -> bool:
    """Whether the visitor has this; False at the deadline, or when the server rests and has not sent it."""

    def heard() -> bool:
        return stream.read_until(token, LOOK_EVERY_S)

    is_heard = stream.read_until(token, SOON_S)
    return is_heard or wait_until(heard, ANSWER_DEADLINE_S, unless_ended=Rest(site.process))


def expect_late_start(site: Site) -> None:
    """The head waits for the first byte of the body, and exc_info replaces it until then."""
    wanted = "status 203 and the body `lazy`, from an app that calls start_response when its first chunk is asked for"
    answer = expect_success(site, site.send("/lab/lazy/", label="lazy app"), wanted)
    if answer.status != 203 or answer.body != b"lazy" or answer.headers.get("X-Lab") != "lazy":
        saw = f"status {answer.status}, {answer.text[:80]!r}"
        fail("late-error-lost", wanted=wanted, saw=saw, where=line_of(site, *SENDS_HEAD))
    wanted = "status 503 and the body `sorry`: the app had yielded only b'' when it called start_response again"
    since = History.now()
    late = site.send("/lab/late/", label="late error")
    again = wait_told(site, Kind.LAB_AGAIN, since=since)
    if again is not None and again["is_given"]:
        saw = "it raised the error it was given, as if the head had left already"
        fail("late-error-lost", wanted=wanted, saw=saw, where=line_of(site, *SENDS_HEAD))
    answer = expect_answer(site, late, wanted)
    if answer.status != 503 or answer.body != b"sorry" or answer.headers.get("X-Lab") != "late":
        trouble = last_error(site)
        why = f"; {trouble[0]}" if trouble else ""
        saw = f"status {answer.status}, {answer.text[:80]!r}{why}"
        where = trouble[1] if trouble else line_of(site, *SENDS_HEAD)
        fail("late-error-lost", wanted=wanted, saw=saw, where=where)


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
        where = line_of(site, r"def .*\bexc_info\b", "exc_info")
        if not again["raised"]:
            fail("started-again", wanted=what, saw="it returned, and the app went on", where=where)
        if page == "restart" and not again["is_given"]:
            fail("started-again", wanted=what, saw=f"it raised another one: {again['raised']}", where=where)
        wait_answer(site, visit)


def expect_writes(site: Site) -> None:
    """The callable that start_response returns is a second way out for the body."""
    wanted = "the body `written, returned`, of which the app gave the first half to what start_response returned"
    since = History.now()
    answer = expect_answer(site, site.send("/lab/write/", label="write()"), wanted)
    event = wait_told(site, Kind.LAB_WRITE, since=since)
    if event is not None and not event["is_callable"]:
        saw = "start_response returned something that cannot be called"
        fail("write-missing", wanted=wanted, saw=saw, where=line_of(site, r"def .*\bexc_info\b"))
    if answer.body != b"written, returned":
        saw = f"status {answer.status}\n{difference(b'written, returned', answer.body)}"
        fail("write-missing", wanted=wanted, saw=saw, where=line_of(site, r"def write\b"))


def expect_writes_at_once(site: Site, gate: Gate) -> None:
    """What is written is with the visitor before the app goes on."""
    wanted = "what the app gives to write() is with the visitor before the app goes on, and gives []"
    since = History.now()
    with site.stream("/lab/write/early", label="write() at once") as stream:
        where = line_of(site, r"return .*\.append\b", r"def write\b", r"\bwrite\b")
        if not wait_asked(site, gate, "early"):
            expect_free_loop(site, since, wanted)
            fail("write-kept", wanted=wanted, saw="the app did not come back from its write()", where=where)
        if not wait_heard(site, stream, b"written, "):
            expect_free_loop(site, since, wanted)
            saw = f"the app is back from write(), and the visitor has {stream.body!r}"
            fail("write-kept", wanted=wanted, saw=saw, where=where)
        gate.release("early")
        stream.read_to_end(ANSWER_DEADLINE_S)


def expect_survival(site: Site) -> None:
    """An error before the first byte is a 500, one in the middle ends the connection, and the server goes on."""
    wanted = "status 500 when the app raises before its first byte"
    failing = site.send("/lab/raise/", label="app that raises")
    answer = wait_answer(site, failing)
    if answer is None or answer.status != 500:
        ended = (
            "your server has ended" if site.process.wait(0.2) is not None else f"the connection broke: {failing.error}"
        )
        saw = ended if answer is None else f"status {answer.status}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site) if answer is None else None)
    wanted = "status 500 when the app raises a ConnectionResetError of its own: a supplier has hung up, not the visitor"
    own = site.send("/lab/raise/reset", label="app whose supplier hangs up")
    if (answer := wait_answer(site, own)) is None or answer.status != 500:
        saw = f"status {answer.status}" if answer else f"no answer: {own.error or 'the connection stays open'}"
        fail("taken-for-leaving", wanted=wanted, saw=saw, where=line_of(site, *TAKES_FOR_LEAVING))
    broken = site.send("/lab/break/broken", label="app that breaks off")
    if wait_answer(site, broken) is None and not broken.is_done:
        came = f"{broken.received} bytes of a body arrived"
        fail_as_kept_open("the connection ends when the app raises in its body", came, line_of(site, r"\bexcept\b"))
    wanted = "the next visitor is served after an app has raised in the middle of its body"
    after = site.send("/lab/closing/after", label="the next visitor")
    if (answer := wait_answer(site, after)) is None or answer.body != b"closing":
        saw = f"status {answer.status}" if answer else f"no answer: {after.error or 'the request is still open'}"
        fail("error-not-answered", wanted=wanted, saw=saw, where=_place_of(site))
    said = raw_answer(site, "GET", "/lab/cut/", "Host: localhost", "Connection: close")
    head, _, body = said.partition(b"\r\n\r\n")
    if b"transfer-encoding" in head.lower() and body.endswith(b"0\r\n\r\n"):
        wanted = "no last chunk behind a body in which the app raised: it must not look whole"
        where = line_of(site, r"\bfinally\b", r"\bexcept\b")
        fail("broken-looks-whole", wanted=wanted, saw=f"the body {body[:80]!r}", where=where)


def _place_of(site: Site) -> SourceLine | None:
    trouble = last_error(site)
    return trouble[1] if trouble else None


def expect_next_visitor_served(site: Site, after: str) -> None:
    """The next visitor is served, whatever the one before did."""
    exchange = site.send("/lab/closing/next", label="the next visitor")
    answer = wait_answer(site, exchange)
    if answer is not None and answer.body == b"closing":
        return
    wanted = f"the next visitor is served after {after}"
    # A refused or broken connection is mostly a server that is about to end: on a busy machine that takes a while.
    deadline_s = ANSWER_DEADLINE_S if answer is None and exchange.is_done else LAST_WORDS_S
    wait_until(lambda: False, deadline_s, unless_ended=Rest(site.process))
    if site.process.returncode is not None:
        error, place = last_error(site) or ("no error in its log", None)
        fail("visitor-ends-server", wanted=wanted, saw=f"your server has ended: {error}", where=place)
    saw = f"status {answer.status}" if answer else f"no answer: {exchange.error or 'the request is still open'}"
    fail("visitor-ends-server", wanted=wanted, saw=saw)


def expect_close(site: Site, tag: str, when: str, since: float) -> None:
    """`close()` of the app's iterable was called."""
    if wait_told(site, Kind.LAB_CLOSED, since=since, tag=tag) is None:
        wanted = f"close() of the app's iterable is called {when}"
        where = line_of(site, r"\.close\b") or called_from(site, since=since)
        fail("close-not-called", wanted=wanted, saw="it was not called", where=where, facts={"when": when})


def expect_valid(site: Site) -> None:
    """wsgiref.validate, between the server and an app that reads lines, has no complaint."""
    wanted = "wsgiref.validate has nothing to complain about"
    right = "status 200 and the body `strict`, from an app behind wsgiref.validate"
    since = History.now()
    body = b"first line\nrest of the body\n"
    exchange = site.send(
        "/lab/strict/", method="POST", body=body, headers={"Content-Type": "text/plain"}, label="strict"
    )
    answer = wait_answer(site, exchange)
    if answer is None or answer.body != b"strict":
        if complaint := wait_told(site, Kind.LAB_VIOLATION, since=since, deadline_s=COMPLAINT_DEADLINE_S):
            fail("wsgi-violation", wanted=wanted, saw=str(complaint["message"])[:300], where=complaint.where)
        answer = expect_success(site, exchange, right)
        saw = f"status {answer.status}\n{difference(b'strict', answer.body)}"
        fail("answer-not-the-apps", wanted=right, saw=saw, where=called_from(site, since=since))
    lines = wait_told(site, Kind.LAB_LINES, since=since)
    if lines is None or (lines["first"], lines["second"], lines["rest"]) != ("first line\n", "rest", 1):
        saw = "nothing" if lines is None else f"readline() gave {lines['first']!r}, read(4) {lines['second']!r}"
        where = line_of(site, r"wsgi\.input")
        fail("body-wrong", wanted="wsgi.input gives a body's lines and pieces in their order", saw=saw, where=where)
