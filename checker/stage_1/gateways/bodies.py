"""Bodies of requests: whichever way an app reads `wsgi.input`, it gets what was sent, and the end where that ends."""

from __future__ import annotations

from hashlib import sha256

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.site import Site
from checker.stage_1.gateways.answers import expect_answer, last_error, line_of, wait_answer
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import wait_told

READ_DEADLINE_S = 10.0
TOLD_DEADLINE_S = 1.0  # what is still told of a request that went wrong

BODY = "one cup of \N{WHITE HEAVY CHECK MARK} tea".encode()
# Nobody reads so much at once; what ends early or late shows.
LARGE_BODY = bytes(range(256)) * 1200
WAYS = {
    "sized": "read(CONTENT_LENGTH)",
    "whole": "read()",
    "readline": "readline(), again and again,",
    "readlines": "readlines()",
    "iteration": "`for line in wsgi.input`",
}


def expect_bodies_read(site: Site) -> None:
    """Small ones and large ones in each way, and an empty one."""
    for page in WAYS:
        for body in (BODY, LARGE_BODY):
            expect_whole_bodies(site, page, body)
    expect_whole_bodies(site, "whole", b"")


def expect_whole_bodies(site: Site, page: str, body: bytes) -> None:
    """A body arrives whole: what the app reads is what was sent, and the end is told where it is."""
    wanted = f"{WAYS[page]} on wsgi.input gives the {len(body):,} bytes that were sent"
    since, tag = History.now(), f"{page}-{len(body)}"
    label = f"{len(body):,} bytes by {page}"
    exchange: Exchange = site.send(f"/lab/{page}/{tag}", method="POST", body=body, label=label)
    answer = wait_answer(site, exchange, READ_DEADLINE_S)
    deadline_s = READ_DEADLINE_S if answer is not None and answer.status == 200 else TOLD_DEADLINE_S
    read = wait_told(site, Kind.LAB_READ, since=since, tag=tag, deadline_s=deadline_s)
    if read is None and answer is None and not exchange.is_done:
        if wait_told(site, Kind.LAB_READING, since=since, tag=tag, deadline_s=TOLD_DEADLINE_S):
            exchange.hang_up()
            saw = (
                f"the app was called, and {WAYS[page]} does not come to an end: it waits for more than the request has"
            )
            fail("input-never-ends", wanted=wanted, saw=saw, where=line_of(site, r"wsgi\.input"))
        expect_answer(site, exchange, wanted, TOLD_DEADLINE_S)
    if read is None:
        if trouble := last_error(site):
            fail("body-wrong", wanted=wanted, saw=trouble[0], where=trouble[1])
        expect_answer(site, exchange, wanted)
        fail("body-wrong", wanted=wanted, saw="the app was answered without its having read")
    where = line_of(site, r"wsgi\.input")
    if read["type"] != "bytes":
        fail("body-wrong", wanted=wanted, saw=f"it gives a {read['type']}", where=where)
    if read["bytes"] != len(body) or read["digest"] != sha256(body).hexdigest():
        begins = bytes.fromhex(read["head"])
        missing = f": {len(body) - read['bytes']:,} are missing" if read["bytes"] < len(body) else ""
        saw = f"it gives {read['bytes']:,} bytes{missing}"
        if not body.startswith(begins):
            saw += f"\n{difference(body[: len(begins)], begins)}"
        fail("body-wrong", wanted=wanted, saw=saw, where=where)
    expect_answer(site, exchange, wanted)
