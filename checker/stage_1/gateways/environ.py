"""What an environ has to say about a request, and the answers of the shop's echo page that follow from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.site import Site
from checker.stage_1.gateways.answers import READS, expect_answer, last_error, line_of
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import called_from, wait_told
from checker.stage_1.gateways.raw_requests import raw_answer

NOT_THERE = "(not there)"
LOST = "\N{REPLACEMENT CHARACTER}".encode().decode("latin-1")  # what was no UTF-8, and was decoded so
# What the echo page tells, and the variable that it comes from.
KEYS = {"method": "REQUEST_METHOD", "query": "QUERY_STRING", "cookies": "HTTP_COOKIE", "content_type": "CONTENT_TYPE"}

PATH = "/lab/environ/caf%C3%A9/a%2Fb/%E9"  # the last byte is no UTF-8
LATIN_1_PATH = "/lab/environ/caf\u00c3\u00a9/a/b/\u00e9"
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
    since = History.now()
    said = raw_answer(site, "POST", f"{PATH}?{QUERY}", *HEAD_LINES)
    environ = _shown(said)
    if environ is None:
        expect_answer(site, site.send("/lab/environ/", label="environ"), wanted)
        fail(
            "answer-not-the-apps", wanted=wanted, saw=f"the answer {said[:200]!r}", where=called_from(site, since=since)
        )
    _judge(site, environ, {**WANTED, "SERVER_PORT": (str(port),)})
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
    entered = wait_told(site, Kind.LAB_ENTERED, since=since)
    where = line_of(site, "urlsplit", "urlparse", "PATH_INFO")
    if entered is None:
        fail("path-cut", wanted=wanted, saw=f"the app was not called; the answer was {said[:100]!r}", where=where)
    if entered["path"] not in (SLASHES, SLASHES[1:]):
        fail("path-cut", wanted=wanted, saw=difference(SLASHES, entered["path"]), where=where)


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
            if "" in values and name not in environ:
                continue
            saw = f"environ[{name!r}] is {environ.get(name, NOT_THERE)!r}"
            fail("head-cut-off", wanted=wanted, saw=saw, where=line_of(site, *READS))


def _shown(said: bytes) -> dict[str, Any] | None:
    try:
        environ: dict[str, Any] = json.loads(said[said.index(b"{") : said.rindex(b"}") + 1])
    except (ValueError, RecursionError):
        return None
    return environ


def _judge(site: Site, environ: Mapping[str, Any], table: Mapping[str, tuple[Any, ...]]) -> None:
    for name, values in table.items():
        seen = environ.get(name, NOT_THERE)
        if seen in values and isinstance(seen, bool) == isinstance(values[0], bool):
            continue
        if seen == NOT_THERE and "" in values:  # what is empty may be left out
            continue
        wanted = f"environ[{name!r}] is {values[0]!r}"
        where = line_of(site, rf"['\"]{re.escape(name)}['\"]", f"(?i:{name.removeprefix('HTTP_')})", "HTTP_")
        saw = "it is not there" if seen == NOT_THERE else f"it is {seen!r}"
        if seen == NOT_THERE and f"HTTP_{name}" in environ:
            saw = f"it is not there, HTTP_{name} is"
        elif seen != NOT_THERE and isinstance(seen, str) and isinstance(values[0], str):
            saw = difference(values[0], seen)
        if name == "PATH_INFO" and LOST in str(seen):
            fail("path-bytes-lost", wanted=wanted, saw=saw, where=where)
        if name == "PATH_INFO" and seen == values[0].encode("latin-1").decode(errors="replace"):
            fail(
                "path-not-latin-1",
                wanted=f"{wanted}: bytes decoded as latin-1",
                saw=f"{saw}\nIt was decoded as UTF-8.",
                where=where,
            )
        fail("environ-wrong", wanted=wanted, saw=saw, where=where, facts={"key": name})


def expect_echo(answer: Any, **wanted: Any) -> None:
    """The echo page tells of the request what was sent; else the environ told Django something else."""
    if not isinstance(answer, dict):
        fail("answer-not-the-apps", wanted="the JSON of the shop's echo page", saw=repr(answer)[:200])
    for name, value in wanted.items():
        if (seen := answer.get(name)) != value:
            told = f"Django sees the {name} {value!r}"
            saw = difference(value, seen) if isinstance(value, str) and isinstance(seen, str) else f"it sees {seen!r}"
            if name == "path":
                fail("path-not-latin-1", wanted=told, saw=saw)
            if name == "body":
                fail("body-wrong", wanted=told, saw=saw)
            fail("environ-wrong", wanted=told, saw=saw, facts={"key": KEYS[name]})
