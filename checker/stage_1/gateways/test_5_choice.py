"""The choice between the doors, over some forty sites: no golden answers, but what sound ones have in common."""

from __future__ import annotations

import math

import pytest

from checker.harness.findings import fail
from checker.harness.suite import needs
from checker.stage_1.gateways.choice import RANK, Asked, Choices, expect_choices
from checker.stage_1.gateways.requirements import REASONS, ROWS, changes

IDLE_FOR_THREADS = 1000
ROOM = 4  # slots, and loops, may be so many times what is needed
FEW = 16  # so many are never too many


@pytest.fixture(scope="session")
def choices(asked: Asked) -> Choices:
    """What the learner's function says to every row."""
    return expect_choices(asked)


def test_the_interface_can_do_it(choices: Choices) -> None:
    """Choice: over some forty sites the interface can do what is needed, and is not chosen for nothing."""
    for row in ROWS:
        choice = choices[row]
        if row.websockets and choice.interface == "wsgi":
            fail(
                "websocket-under-wsgi",
                wanted=f"an interface that knows WebSockets, for: {row}",
                saw=str(choice),
                where=choice.where,
            )
        if row.idle >= IDLE_FOR_THREADS and choice.interface == "wsgi":
            wanted = f"no thread for each of {row.idle:,.0f} that only wait, for: {row}"
            fail("idle-under-wsgi", wanted=wanted, saw=str(choice), where=choice.where)
        if REASONS["nothing-to-gain"](row) and choice.interface != "wsgi":
            fail(
                "asgi-gains-nothing",
                wanted=f"wsgi, where nothing is awaited, for: {row}",
                saw=str(choice),
                where=choice.where,
            )
        if not row.awaitable and choice.interface == "asgi":
            wanted = f"WSGI slots for the pages that block, beside the loop, for: {row}"
            fail("blocking-under-asgi", wanted=wanted, saw=str(choice), where=choice.where)


@needs("test_the_interface_can_do_it")
def test_the_size_follows_the_load(choices: Choices) -> None:
    """Choice: slots follow Little's law, processes follow the computing, and the reasons are true."""
    expect_sizes(choices)
    expect_reasons(choices)


def expect_sizes(choices: Choices) -> None:
    """Slots by Little's law, a process for each core's worth of computing, and not much more."""
    for row in ROWS:
        choice = choices[row]
        streams = row.open_streams if choice.interface == "wsgi" else 0
        may_await = choice.interface == "asgi" or (choice.interface == "hybrid" and row.awaitable)
        need = row.held + streams
        if choice.slots < need and not may_await:
            fail(
                "wrong-slots",
                wanted=f"{need:g} slots at least, for: {row}",
                saw=f"{choice}: {choice.slots}",
                where=choice.where,
            )
        if choice.slots > max(FEW, ROOM * need):
            most = max(FEW, math.floor(ROOM * need))
            fail(
                "wrong-slots",
                wanted=f"{most} slots at most, for: {row}",
                saw=f"{choice}: {choice.slots}",
                where=choice.where,
            )
        if choice.asgi_processes > max(FEW, ROOM * row.computing):
            fail(
                "wrong-slots",
                wanted=f"{max(FEW, ROOM * row.computing)} loops at most, for: {row}",
                saw=str(choice),
                where=choice.where,
            )
        if choice.wsgi_processes + choice.asgi_processes < row.computing:
            wanted = f"{row.computing} processes at least, for: {row}"
            fail(
                "too-few-processes", wanted=wanted, saw=f"{choice}: a process computes on one core", where=choice.where
            )


def expect_reasons(choices: Choices) -> None:
    """Each reason given is so."""
    for row in ROWS:
        for reason in choices[row].reasons:
            if not REASONS[reason](row):
                wanted, where = f"only reasons that are so, for: {row}", choices[row].where
                fail("untrue-reason", wanted=wanted, saw=f"{reason!r}", where=where, facts={"reason": reason})


@needs("test_the_interface_can_do_it")
def test_a_further_need_never_moves_towards_wsgi(choices: Choices) -> None:
    """Choice: a further need never moves a site towards WSGI, and more traffic never makes it smaller."""
    for row in ROWS:
        before = choices[row]
        for what, changed, speaks_for_asgi in changes(row):
            after = choices[changed]
            told = f"{before}; when {what}: {after}"
            if speaks_for_asgi and RANK[after.interface] < RANK[before.interface]:
                wanted = f"no step back towards WSGI when {what}, from: {row}"
                fail("moves-toward-wsgi", wanted=wanted, saw=told, where=after.where)
            sizes = [(c.slots, c.wsgi_processes, c.asgi_processes) for c in (before, after)]
            is_smaller = any(now < then for then, now in zip(*sizes, strict=True))
            if not speaks_for_asgi and after.interface == before.interface and is_smaller:
                wanted = f"nothing gets less when {what}, from: {row}"
                fail("wrong-slots", wanted=wanted, saw=told, where=after.where)
