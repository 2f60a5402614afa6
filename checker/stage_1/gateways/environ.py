"""What an environ has to say about a request, and the answers of the shop's echo page that follow from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.site import Site
from checker.stage_1.gateways.doors import asked, last_error, told
from checker.stage_1.gateways.wire import raw

READ_DEADLINE_S = 10.0
COMPLAINT_DEADLINE_S = 2.0
TOLD_DEADLINE_S = 1.0  # what is still told of a request that went wrong

BODY = "one cup of \N{WHITE HEAVY CHECK MARK} tea".encode()
PATH = "/lab/environ/caf%C3%A9/a%2Fb"
LATIN_1_PATH = "/lab/environ/caf\u00c3\u00a9/a/b"
SLASHES = "//lab/environ/two"
QUERY = "sum=1%2B1&name=M%C3%BCller"
HEAD_LINES = (
    "Host: localhost:8000",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Length: 0",
    "X-Trace-Id: trace:7",
    "cookie: a=1",
    "X-Many: one",
    "Cookie: b=2",
    "X-Many: two",
    "Connection: close",
)
# Names whose values are demanded literally. A list that was sent in two headers may be joined with or without a blank.
WANTED: Mapping[str, tuple[Any, ...]] = {
    "REQUEST_METHOD": ("POST",),
    "SCRIPT_NAME": ("",),
    "PATH_INFO": (LATIN_1_PATH,),
    "QUERY_STRING": (QUERY,),
    "SERVER_PROTOCOL": ("HTTP/1.1",),
    "REMOTE_ADDR": ("127.0.0.1",),
    "CONTENT_TYPE": ("text/plain; charset=utf-8",),
    "CONTENT_LENGTH": ("0",),
    "HTTP_HOST": ("localhost:8000",),
    "HTTP_X_TRACE_ID": ("trace:7",),
    "HTTP_X_MANY": ("one,two", "one, two"),
    "HTTP_COOKIE": ("a=1; b=2", "a=1;b=2"),
    "wsgi.version": ("(1, 0)",),
    "wsgi.url_scheme": ("http",),
    "wsgi.run_once": (False,),
}


def environ_of(site: Site, wanted: str, *, port: int) -> Mapping[str, Any]:
    """The environ that the app was called with for the request above; it ends the check when it is not as it should."""
    said = raw(site, "POST", f"{PATH}?{QUERY}", *HEAD_LINES)
    environ = _shown(said)
    if environ is None:
        asked(site, site.send("/lab/environ/", label="environ"), wanted)
        fail("environ-wrong", wanted=wanted, saw=f"the answer {said[:200]!r}")
    _judge(environ, {**WANTED, "SERVER_PORT": (str(port),)})
    return environ


def _shown(said: bytes) -> dict[str, Any] | None:
    try:
        environ: dict[str, Any] = json.loads(said[said.index(b"{") : said.rindex(b"}") + 1])
    except ValueError:
        return None
    return environ


def keeps_slashes(site: Site) -> None:
    """A path that begins with two slashes has no host in it."""
    wanted = f"environ['PATH_INFO'] is {SLASHES!r}, or with one slash less in front"
    since = History.now()
    said = raw(site, "GET", SLASHES, "Host: localhost", "Connection: close")
    entered = site.run.history.wait_for(
        "lab.entered", lambda e: bool(e["server"] == site.name), since=since, deadline_s=READ_DEADLINE_S
    )
    if entered is None:
        fail("environ-wrong", wanted=wanted, saw=f"the app was not called; the answer was {said[:100]!r}")
    if entered["path"] not in (SLASHES, SLASHES[1:]):
        fail("environ-wrong", wanted=wanted, saw=f"it is {entered['path']!r}")


def comes_in_pieces(site: Site) -> None:
    """A head whose segments arrive one after another is read to its end."""
    wanted = "the same environ from a head that comes in three segments, cut behind `X-Trace-Id: tr` and its last `\\r`"
    cuts = (b"X-Trace-Id: tr", b"\r\n\r")
    said = raw(site, "POST", f"{PATH}?{QUERY}", *HEAD_LINES, cuts=cuts)
    environ = _shown(said)
    if environ is None:
        trouble = last_error(site)
        saw = f"the answer {said[:100]!r}" + (f"; {trouble[0]}" if trouble else "")
        fail("head-cut-off", wanted=wanted, saw=saw, where=trouble[1] if trouble else None)
    for name, values in WANTED.items():
        if environ.get(name) not in values:
            saw = f"environ[{name!r}] is {environ.get(name, '(not there)')!r}"
            fail("head-cut-off", wanted=wanted, saw=saw)


def _judge(environ: Mapping[str, Any], table: Mapping[str, tuple[Any, ...]]) -> None:
    for name, values in table.items():
        seen = environ.get(name, "(not there)")
        if seen in values and isinstance(seen, bool) == isinstance(values[0], bool):
            continue
        wanted = f"environ[{name!r}] is {values[0]!r}"
        saw = f"it is {seen!r}"
        if name in ("CONTENT_TYPE", "CONTENT_LENGTH") and f"HTTP_{name}" in environ:
            saw = f"it is not there, HTTP_{name} is"
        if name == "PATH_INFO" and seen == values[0].encode("latin-1").decode():
            fail("path-not-latin-1", wanted=f"{wanted}: bytes decoded as latin-1", saw=f"{saw}: decoded as UTF-8")
        fail("environ-wrong", wanted=wanted, saw=saw)


def validated(site: Site) -> None:
    """wsgiref.validate, between the server and an app that reads lines, has no complaint."""
    wanted = "wsgiref.validate has nothing to complain about"
    since = History.now()
    body = b"first line\nrest of the body\n"
    exchange = site.send(
        "/lab/strict/", method="POST", body=body, headers={"Content-Type": "text/plain"}, label="strict"
    )
    answer = exchange.answer()
    if answer is None or answer.body != b"strict":
        if complaint := told(site, "lab.violation", since=since, deadline_s=COMPLAINT_DEADLINE_S):
            fail("wsgi-violation", wanted=wanted, saw=str(complaint["message"])[:300], where=complaint.where)
        answer = asked(site, exchange, wanted)
        fail("wsgi-violation", wanted=wanted, saw=f"status {answer.status}, {answer.text[:200]!r}")
    lines = told(site, "lab.lines", since=since)
    if lines is None or (lines["first"], lines["second"], lines["rest"]) != ("first line\n", "rest", 1):
        saw = "nothing" if lines is None else f"readline() gave {lines['first']!r}, read(4) {lines['second']!r}"
        fail("body-wrong", wanted="wsgi.input gives a body's lines and pieces in their order", saw=saw)


WAYS = {
    "sized": "read(CONTENT_LENGTH)",
    "whole": "read()",
    "readline": "readline(), again and again,",
    "readlines": "readlines()",
    "iteration": "`for line in wsgi.input`",
}


def reads_whole(site: Site, page: str, body: bytes) -> None:
    """A body arrives whole: what the app reads is what was sent, and the end is told where it is."""
    wanted = f"{WAYS[page]} on wsgi.input gives the {len(body):,} bytes that were sent"
    since, tag = History.now(), f"{page}-{len(body)}"
    label = f"{len(body):,} bytes by {page}"
    exchange: Exchange = site.send(f"/lab/{page}/{tag}", method="POST", body=body, label=label)
    answer = exchange.answer(READ_DEADLINE_S)
    deadline_s = READ_DEADLINE_S if answer is not None and answer.status == 200 else TOLD_DEADLINE_S
    read = told(site, "lab.read", since=since, tag=tag, deadline_s=deadline_s)
    if read is None and answer is None and not exchange.is_done:
        if told(site, "lab.reading", since=since, tag=tag, deadline_s=TOLD_DEADLINE_S):
            exchange.hang_up()
            saw = f"the app was called, and {WAYS[page]} has not come to an end within {READ_DEADLINE_S:.0f} s"
            fail("input-never-ends", wanted=wanted, saw=f"{saw}: it waits for more than the request has")
        asked(site, exchange, wanted, TOLD_DEADLINE_S)
    if read is None:
        if trouble := last_error(site):
            fail("body-wrong", wanted=wanted, saw=trouble[0], where=trouble[1])
        asked(site, exchange, wanted)
        fail("body-wrong", wanted=wanted, saw="the app was answered without its having read")
    if read["type"] != "bytes":
        fail("body-wrong", wanted=wanted, saw=f"it gives a {read['type']}")
    if read["bytes"] != len(body) or read["digest"] != sha256(body).hexdigest():
        other = ", but other ones" if read["bytes"] == len(body) else ""
        fail("body-wrong", wanted=wanted, saw=f"it gives {read['bytes']:,} bytes{other}")
    asked(site, exchange, wanted)


def echo_of(answer: Any, **wanted: Any) -> None:
    """The echo page tells of the request what was sent; else the environ told Django something else."""
    if not isinstance(answer, dict):
        fail("environ-wrong", wanted="the JSON of the shop's echo page", saw=repr(answer)[:200])
    for name, value in wanted.items():
        if (seen := answer.get(name)) != value:
            code = "path-not-latin-1" if name == "path" else "environ-wrong"
            fail(code, wanted=f"Django sees the {name} {value!r}", saw=f"it sees {seen!r}")
