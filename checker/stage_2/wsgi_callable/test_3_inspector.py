"""Checks of Deep Dive into wsgi.py: the learner's own server for one request, inspect_wsgi.py."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.wsgi_callable.findings import times
from checker.stage_2.wsgi_callable.inspector import PAGE, STREAM, Inspector, header
from checker.stage_2.wsgi_callable.kinds import Kind
from checker.stage_2.wsgi_callable.site import LABELS
from checker.stage_2.wsgi_callable.source import CLOSES, CODE, HANDS_OVER

# Those that call start_response again while they still may.
RECONSIDER = ("learn_lab:reconsiders", "learn_lab:reconsiders_after_nothing")
# The lab's applications that break PEP 3333, and how.
MISTAKES = {
    "learn_lab:reconsiders_late": "calls start_response with exc_info after its first chunk",
    "learn_lab:reconsiders_written": "calls start_response with exc_info after a write()",
    "learn_lab:starts_twice": "calls start_response twice without exc_info",
    "learn_lab:never_starts": "never calls start_response",
}


@needs("test_the_shop_is_mounted")
def test_the_inspector_reads_the_shop(inspector: Inspector, stack: Stack) -> None:
    """inspect_wsgi.py gets a page of the shop without a server, and tells what came."""
    for server in [one for one in stack.started if isinstance(one, Server)]:
        stack.retire(server)  # from here on nobody visits the site
    facts = {"status": 200, "chunks": 1, "bytes": 6}
    wanted = "`python inspect_wsgi.py shop.wsgi:application /shop/hello/` reports the page"
    report = inspector.expect_shop_report(PAGE, facts, wanted=wanted)
    if header(report, "Content-Type") != "text/plain":
        wanted = "headers: a list of [name, value], with Content-Type text/plain in it"
        inspector.fail_as_reported(wanted, "headers", f"headers: {report['headers']!r}")


def test_the_inspector_makes_a_whole_environ(inspector: Inspector, history: History) -> None:
    """inspect_wsgi.py makes the environ that PEP 3333 asks for."""
    since = history.now()
    target = "/find/caf%C3%A9+tea/?word=a%20b&back=/a?b"
    program = inspector.expect_run("learn_lab:environs", target, wanted="an environ")
    if inspector.expect_environ(program, target, since):
        return
    wanted = "inspect_wsgi.py calls the application it is told"
    if program.process.returncode:
        raise program.crashed(wanted)
    saw = f"it did not: stdout was {inspector.said(program)[:120]!r}"
    inspector.fail_as_reported(wanted, "status", saw)


@needs("test_the_inspector_makes_a_whole_environ")
def test_the_inspector_closes_what_it_read(inspector: Inspector, history: History) -> None:
    """inspect_wsgi.py closes what it was given, also after an error, and so Django finishes its request."""
    since = history.now()
    wanted = "close() of what the application returned is called, when it has one"
    # The bare shop, so that a close() which shop/wsgi.py loses is no fault of the inspector.
    stream = {"status": 200, "chunks": LABELS}
    inspector.begin(*STREAM)
    for application in ("lists", "closes", "breaks"):
        inspector.start(f"learn_lab:{application}")
    reads = "a stream is read to its end, chunk by chunk"
    bare_shop, labels = STREAM
    inspector.expect_lab_report(bare_shop, stream, code="inspector-report", wanted=reads, target=labels)
    if (finished := inspector.finished(labels)) != 1:
        saw = f"Django told request_finished {times(finished)}"
        where = inspector.line(*CLOSES, *HANDS_OVER)
        fail("close-forgotten", wanted="the inspected request is finished once", saw=saw, where=where)
    listed = {"status": 200, "closed": False}
    inspector.expect_lab_report("learn_lab:lists", listed, code="close-assumed", wanted="a list has no close()")
    inspector.expect_lab_report("learn_lab:closes", {"closed": True}, code="close-forgotten", wanted=wanted)
    program = inspector.expect_run("learn_lab:breaks", wanted=wanted)
    closed = [event["app"] for event in inspector.told(Kind.LAB_CLOSED, since=since)]
    if "closes" not in closed:
        where = inspector.line(*CLOSES, *HANDS_OVER)
        fail("close-forgotten", wanted=wanted, saw="it was not called, although `closed` said so", where=where)
    if "breaks" not in closed:
        wanted = "close() is called, too, when the application breaks after its first chunk"
        fail("close-skipped", wanted=wanted, saw="it was not called", where=inspector.line(*CLOSES))
    if program.process.returncode == 0:
        saw = f"exit code 0, and {inspector.said(program)[:120]!r}"
        wanted = "an application that breaks ends it with an exit code other than 0"
        fail(
            "error-swallowed", wanted=wanted, saw=saw, where=inspector.line(rf"{CODE}\bexcept\b", rf"{CODE}suppress\(")
        )


@needs("test_the_inspector_closes_what_it_read")
def test_the_inspector_understands_start_response(inspector: Inspector, history: History) -> None:
    """inspect_wsgi.py understands an application that starts late, writes, prints or reconsiders, and no wrong one."""
    since = history.now()
    for application in ("learn_lab:lazy", "learn_lab:writes", *RECONSIDER, "learn_talks:talks", *MISTAKES):
        inspector.start(application)
    two = {"chunks": 2, "bytes": 8}
    wanted = "an application that calls start_response with its first chunk, and sends three, one of them empty"
    late = {"status": 202, **two, "chunks": 3}
    inspector.expect_lab_report("learn_lab:lazy", late, code="status-read-early", wanted=wanted)
    wanted = "an application that sends one chunk by write(), and returns one"
    inspector.expect_lab_report("learn_lab:writes", {"status": 201, **two}, code="write-not-counted", wanted=wanted)
    expect_reconsidered(inspector)
    wanted = "an application that prints, when it is imported, called and read"
    inspector.expect_lab_report("learn_talks:talks", {"status": 200, **two}, code="report-not-alone", wanted=wanted)
    for application, mistake in MISTAKES.items():
        wanted = f"an exit code other than 0 for an application that {mistake}"
        inspector.expect_refusal(application, code="wrong-start-accepted", wanted=wanted)
    if not inspector.told(Kind.LAB_CLOSED, since=since):
        wanted = "close() is called, too, when the application never called start_response"
        fail("close-skipped", wanted=wanted, saw="it was not called", where=inspector.line(*CLOSES))


def expect_reconsidered(inspector: Inspector) -> None:
    """A second call with exc_info replaces the first, as long as nothing but empty chunks has come."""
    code = "head-not-replaced"
    wanted = "an application that calls start_response again, with exc_info, before its first chunk"
    sorry = {"status": 503, "chunks": 1, "bytes": 5}
    report = inspector.expect_lab_report(RECONSIDER[0], sorry, code=code, wanted=wanted)
    if header(report, "Retry-After") != "5":
        where = inspector.line(rf"{CODE}\bheaders\b\s*=")
        saw = f"headers: {report['headers']!r}"[:200]
        fail(code, wanted=f"{wanted}: the headers of the second call", saw=saw, where=where)
    if header(report, "Set-Cookie", 1) is None:
        wanted = "headers: every pair, also the second of two Set-Cookie"
        inspector.fail_as_reported(wanted, "headers", f"headers: {report['headers']!r}")
    wanted = "an application that calls start_response again, with exc_info, after an empty chunk: no byte was sent"
    sorry = {"status": 503, "chunks": 2, "bytes": 5}
    inspector.expect_lab_report(RECONSIDER[1], sorry, code="refused-too-early", wanted=wanted)
