"""What an environ has to say about a request, and the answers of the shop's echo page that follow from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.site import Site
from checker.stage_1.gateways.answers import expect_answer, last_error
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.raw_requests import raw_answer

ENTERED_DEADLINE_S = 10.0

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
# A page of the shop that tells what Django sees: as it is asked for, and as it is seen.
ECHO = "/echo/caf%C3%A9/menu"
ECHOED_PATH = "/echo/caf\N{LATIN SMALL LETTER E WITH ACUTE}/menu"
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


def expect_environ(site: Site, wanted: str, *, port: int) -> Mapping[str, Any]:
    """The environ that the app was called with for the request above; it ends the check when it is not as it should."""
    said = raw_answer(site, "POST", f"{PATH}?{QUERY}", *HEAD_LINES)
    environ = _shown(said)
    if environ is None:
        expect_answer(site, site.send("/lab/environ/", label="environ"), wanted)
        fail("environ-wrong", wanted=wanted, saw=f"the answer {said[:200]!r}")
    _judge(environ, {**WANTED, "SERVER_PORT": (str(port),)})
    return environ


def expect_serving_flags(site: Site) -> tuple[dict[str, Any], str]:
    """What the environ says of requests that are served together, and that as half a sentence."""
    environ = expect_environ(site, "an environ", port=site.port)
    flags = {f"wsgi.{name}": environ.get(f"wsgi.{name}") for name in ("multithread", "multiprocess")}
    return flags, ", ".join(f"{name} is {flag}" for name, flag in flags.items())


def expect_slashes_kept(site: Site) -> None:
    """A path that begins with two slashes has no host in it."""
    wanted = f"environ['PATH_INFO'] is {SLASHES!r}, or with one slash less in front"
    since = History.now()
    said = raw_answer(site, "GET", SLASHES, "Host: localhost", "Connection: close")
    entered = site.run.history.wait_for(
        Kind.LAB_ENTERED, lambda e: bool(e["server"] == site.name), since=since, deadline_s=ENTERED_DEADLINE_S
    )
    if entered is None:
        fail("environ-wrong", wanted=wanted, saw=f"the app was not called; the answer was {said[:100]!r}")
    if entered["path"] not in (SLASHES, SLASHES[1:]):
        fail("environ-wrong", wanted=wanted, saw=f"it is {entered['path']!r}")


def expect_head_in_pieces(site: Site) -> None:
    """A head whose segments arrive one after another is read to its end."""
    wanted = "the same environ from a head that comes in three segments, cut behind `X-Trace-Id: tr` and its last `\\r`"
    cuts = (b"X-Trace-Id: tr", b"\r\n\r")
    said = raw_answer(site, "POST", f"{PATH}?{QUERY}", *HEAD_LINES, cuts=cuts)
    environ = _shown(said)
    if environ is None:
        trouble = last_error(site)
        saw = f"the answer {said[:100]!r}" + (f"; {trouble[0]}" if trouble else "")
        fail("head-cut-off", wanted=wanted, saw=saw, where=trouble[1] if trouble else None)
    for name, values in WANTED.items():
        if environ.get(name) not in values:
            saw = f"environ[{name!r}] is {environ.get(name, '(not there)')!r}"
            fail("head-cut-off", wanted=wanted, saw=saw)


def _shown(said: bytes) -> dict[str, Any] | None:
    try:
        environ: dict[str, Any] = json.loads(said[said.index(b"{") : said.rindex(b"}") + 1])
    except (ValueError, RecursionError):
        return None
    return environ


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


def expect_echo(answer: Any, **wanted: Any) -> None:
    """The echo page tells of the request what was sent; else the environ told Django something else."""
    if not isinstance(answer, dict):
        fail("environ-wrong", wanted="the JSON of the shop's echo page", saw=repr(answer)[:200])
    for name, value in wanted.items():
        if (seen := answer.get(name)) != value:
            code = "path-not-latin-1" if name == "path" else "environ-wrong"
            fail(code, wanted=f"Django sees the {name} {value!r}", saw=f"it sees {seen!r}")
