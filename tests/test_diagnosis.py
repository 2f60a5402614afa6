"""checker/harness/diagnosis.py: a broken answer is told apart from none, and each by what did it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checker.harness.findings import NotYet
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.gunicorn import gunicorn
from course.model import Finding
from tests.running import running

APP = """
import time

from given import steps_into


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raises/":
        return steps_into(lambda: [][0])  # own
    if path == "/given/":
        return steps_into()  # calls
    if path == "/group/":
        raise ExceptionGroup("two failed", [ValueError("the first"), KeyError("the second")])
    start_response("404 Not Found" if path == "/missing/" else "200 OK", [("X-Colour", "green")])
    if path == "/text/":
        return ["text"]
    if path == "/late/":
        return late()
    if path == "/hangs/":
        time.sleep(600)
    return [b"hello"]


def late():
    yield b"first"
    raise LookupError("no second")  # late
"""
GIVEN = """
def steps_into(step=None):
    return step() if step else 1 / 0
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("site"), {"app.py": APP, "given.py": GIVEN}) as run:
        own = replace(run, given=frozenset({"given.py"}))
        with gunicorn(own, "app:application", arguments=["--threads", "4"]) as server:
            yield server


def line(run: Run, comment: str) -> int:
    lines = (run.project / "app.py").read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(comment))


def finding_of(server: Server, path: str, deadline_s: float = 10.0) -> Finding:
    with pytest.raises(NotYet) as caught:
        server.expect_get(path, deadline_s=deadline_s)
    return caught.value.finding


def test_an_answer_that_breaks_off_is_told_with_what_the_log_says_of_it(server: Server) -> None:
    found = finding_of(server, "/text/")
    assert found.code == "answer-broken-off"
    assert found.saw == (
        "the head arrived (status 200, X-Colour: green), then the answer broke off after 0 bytes of its body; "
        "gunicorn's log: TypeError: 'text' is not a byte"
    )
    assert found.where is None


def test_one_that_the_learners_code_broke_has_its_line(server: Server) -> None:
    found = finding_of(server, "/late/")
    assert found.code == "server-error"
    assert found.saw.endswith("then the answer broke off after 5 bytes of its body: LookupError: no second")
    assert found.where is not None
    assert found.where.line == line(server.run, "# late")


def test_silence_is_told_as_such(server: Server) -> None:
    found = finding_of(server, "/hangs/", deadline_s=1.0)
    assert (found.code, found.saw) == (
        "no-answer",
        "silence for 1 s: the request reached your code, which did not answer",
    )


@pytest.mark.parametrize(("path", "comment"), [("/raises/", "# own"), ("/given/", "# calls")])
def test_an_error_has_the_innermost_line_that_is_not_given(server: Server, path: str, comment: str) -> None:
    found = finding_of(server, path)
    assert found.where is not None
    assert (found.where.file, found.where.line) == ("app.py", line(server.run, comment))


def test_of_a_group_the_first_error_is_told(server: Server) -> None:
    found = finding_of(server, "/group/")
    assert "ValueError: the first (the first of an ExceptionGroup: two failed (2 sub-exceptions))" in found.saw


def test_another_status_is_told_by_the_error_that_made_it(server: Server) -> None:
    with pytest.raises(NotYet) as missing:
        server.expect_status(server.expect_get("/missing/"), 200, wanted="a page", code="page-missing")
    assert missing.value.finding.code == "page-missing"
    answer = server.send("/raises/").wait_answer()
    assert answer is not None
    with pytest.raises(NotYet) as raised:
        server.expect_status(answer, 200, wanted="a page", code="page-missing")
    assert raised.value.finding.code == "server-error"
    assert "IndexError" in raised.value.finding.saw
