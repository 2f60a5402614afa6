"""The first door, CGI: a process for each request, its variables in, header lines and a body out."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.suite import needs
from checker.stage_1.gateways.bodies import BODY
from checker.stage_1.gateways.cgi_door import expect_cgi_answer
from checker.stage_1.gateways.environ import ECHOED_PATH, expect_echo

# The other doors open while this one is checked.
pytestmark = pytest.mark.usefixtures("meanwhile")


def test_cgi_answers(program: starters.Program, project: Path) -> None:
    """CGI: a process answers the request in its environment, and waits for no body that never comes."""
    # As the web server passes it: percent-decoded bytes.
    variables = {"REQUEST_METHOD": "GET", "PATH_INFO": ECHOED_PATH, "QUERY_STRING": "cup=1&cup=2", "HTTP_X_TRACE": "t1"}
    wanted = "`python -m gateway.cgi_run` answers one GET on stdout"
    answer = expect_cgi_answer(program, project, "cgi_run get", variables, body=None, wanted=wanted)
    echo = answer.json()
    expect_echo(echo, method="GET", path=ECHOED_PATH, query={"cup": ["1", "2"]}, body="")


@needs("test_cgi_answers")
def test_cgi_reads_the_body(program: starters.Program, project: Path) -> None:
    """CGI: a body is read from stdin, to where CONTENT_LENGTH says that it ends."""
    variables = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/echo/order",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": str(len(BODY)),
    }
    wanted = "`python -m gateway.cgi_run` answers one POST on stdout"
    answer = expect_cgi_answer(program, project, "cgi_run post", variables, body=BODY, wanted=wanted)
    body = BODY.decode("latin-1")
    expect_echo(answer.json(), method="POST", path="/echo/order", body=body, content_type="text/plain")
