"""The first door: one request through `gateway.cgi_run`, and what a CGI program has to say on its stdout."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.http import ANSWER_DEADLINE_S
from checker.harness.site import BOOT_DEADLINE_S

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

    def json(self) -> Any:
        """The body's JSON; the body itself when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return self.body


def expect_cgi_answer(
    program: starters.Program, name: str, variables: Mapping[str, str], body: bytes | None, wanted: str
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
