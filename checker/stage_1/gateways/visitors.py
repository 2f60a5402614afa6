"""Visitors who do not take all that the app makes: one reads no further, one has left, one is old, one counts."""

from __future__ import annotations

import socket

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Stream
from checker.harness.site import Site
from checker.stage_1.gateways.answers import expect_answer, expect_success, line_of, wait_answer
from checker.stage_1.gateways.duties import (
    COLLECTS,
    expect_close,
    expect_next_visitor_served,
    wait_asked,
    wait_heard,
)
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import wait_still, wait_told
from checker.stage_1.gateways.raw_requests import raw_answer

# An app that nobody holds back makes all its chunks at once. Only a server that is never still pays this.
RUNS_AHEAD_S = 3.0
# What stands in the line that is likeliest at fault, the likeliest first.
SENDS = (r"\.sendall\(", r"\.write\(", r"\.send\(")
SCHEDULES = (r"run_coroutine_threadsafe\(", r"call_soon_threadsafe\(", r"\bsend\(")


def expect_served_after_nothing(site: Site) -> None:
    """A connection that closes without a request ends nothing but itself."""
    socket.create_connection(("127.0.0.1", site.port)).close()
    expect_next_visitor_served(site, "a connection has closed without a request")


def expect_close_whatever_happens(site: Site, gate: Gate) -> None:
    """close() of what the app gave is called at the end, and when it is not read to its end; the server goes on."""
    since = History.now()
    expect_success(site, site.send("/lab/closing/whole", label="whole"), "an answer")
    expect_close(site, "whole", "after the last chunk", since)
    raw_answer(site, "GET", "/lab/over/length", "Host: localhost", "Connection: close")
    expect_close(site, "length", "when the body has reached its Content-Length", since)
    raw_answer(site, "HEAD", "/lab/sign/head", "Host: localhost", "Connection: close")
    expect_close(site, "head", "after a HEAD, too", since)
    wait_answer(site, site.send("/lab/break/broken", label="app that breaks off"))
    expect_close(site, "broken", "when the app raised in its body", since)
    with site.stream("/lab/long/left", label="visitor who leaves") as stream:
        expect_first(site, gate, stream, "left")
    gate.release("left")
    expect_close(site, "left", "when the visitor has left", since)
    expect_next_visitor_served(site, "a visitor has left in the middle of an answer")


def expect_bare_head(site: Site) -> None:
    """The answer to HEAD has no body, whichever way the app gives one."""
    wanted = "the status and the headers, an empty line and nothing more"
    for page, way in (("sign", "yielded"), ("pushed", "given to write()")):
        said = raw_answer(site, "HEAD", f"/lab/{page}/", "Host: localhost", "Connection: close")
        head, mark, body = said.partition(b"\r\n\r\n")
        if not mark or b"200" not in head.partition(b"\r\n")[0]:
            expect_answer(site, site.send(f"/lab/{page}/", method="HEAD", label="HEAD"), wanted)
            fail("head-with-body", wanted=wanted, saw=repr(said[:200]))
        if body:
            saw = f"{len(body)} more bytes, {way}\n{difference(head + mark, said)}"
            fail("head-with-body", wanted=wanted, saw=saw, where=line_of(site, *SENDS))


def expect_end_where_it_says(site: Site) -> None:
    """What the app yields or writes beyond its own Content-Length is not sent."""
    for page, way in (("over", "yields more"), ("pushed", "gives more to write()")):
        said = raw_answer(site, "GET", f"/lab/{page}/", "Host: localhost", "Connection: close")
        head, mark, body = said.partition(b"\r\n\r\n")
        wanted = f"`twelve bytes`, from an app whose Content-Length is 12 and which {way}"
        if not mark or body != b"twelve bytes":
            saw = difference(b"twelve bytes", body) if mark else f"the answer {head[:80]!r}"
            fail("more-than-said", wanted=wanted, saw=saw, where=line_of(site, *SENDS))


def expect_http_1_0(site: Site) -> None:
    """A client of HTTP/1.0 knows no chunked coding: its answer ends with the connection."""
    said = raw_answer(site, "GET", "/lab/lazy/", "Host: localhost", protocol="HTTP/1.0")
    head, mark, body = said.partition(b"\r\n\r\n")
    wanted = "the body `lazy`, not chunked, for a client of HTTP/1.0"
    if b"transfer-encoding" in head.lower():
        where = line_of(site, "(?i:transfer-encoding)")
        fail("chunked-for-the-old", wanted=wanted, saw=f"Transfer-Encoding, and {body[:80]!r}", where=where)
    if not mark or body != b"lazy":
        fail("chunked-for-the-old", wanted=wanted, saw=difference(b"lazy", body) if mark else f"{said[:120]!r}")


def expect_held_back(site: Site, gate: Gate) -> None:
    """An app that makes 32 MB waits for a visitor who has read 5 bytes."""
    wanted = "no chunk is asked for before the one before it was sent: a slow visitor holds the app back"
    since = History.now()
    with site.stream("/lab/long/slow", label="visitor who reads no further") as stream:
        expect_first(site, gate, stream, "slow")
        gate.release("slow")
        gate.wait_settled()  # the app has been told to go on
        if wait_still(site, lambda: _has_made_all(site, "slow", since), RUNS_AHEAD_S):
            saw = "the app has made all its 32 MB, of which the visitor has read 5 bytes: the rest is in memory"
            fail("runs-ahead", wanted=wanted, saw=saw, where=line_of(site, *SCHEDULES))
    wait_told(site, Kind.LAB_CLOSED, since=since, tag="slow")


def expect_left_noticed(site: Site, gate: Gate) -> None:
    """An app whose visitor has left is closed, and not asked for all the rest."""
    wanted = "the app is closed when its visitor has left, before it has made all its 32 MB"
    since = History.now()
    with site.stream("/lab/long/left", label="visitor who leaves") as stream:
        expect_first(site, gate, stream, "left")
    gate.release("left")
    expect_close(site, "left", "when the visitor has left", since)
    if _has_made_all(site, "left", since):
        saw = "the app was asked for every chunk, to the last"
        fail("goes-on-for-nobody", wanted=wanted, saw=saw, where=line_of(site, r"receive\(\)", *SCHEDULES))


def _has_made_all(site: Site, tag: str, since: float) -> bool:
    """Whether the app was asked for every chunk."""
    return any(event["tag"] == tag for event in site.seen(Kind.LAB_MADE_ALL, since=since))


def expect_first(site: Site, gate: Gate, stream: Stream, tag: str) -> None:
    """The visitor has the first chunk while the app is about to make the next."""
    if not wait_heard(site, stream, b"first") or not wait_asked(site, gate, tag):
        where = line_of(site, *COLLECTS)
        saw = repr(stream.body)
        fail("chunks-held-back", wanted="the first chunk, before the app makes the next", saw=saw, where=where)
