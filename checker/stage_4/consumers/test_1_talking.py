"""Checks of Consumers: who is let in, what is answered, and what odd frames do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.suite import needs
from checker.stage_4.consumers import places
from checker.stage_4.consumers.desk import DESK, ECHO, LEGACY, PLAIN, Desk
from checker.stage_4.consumers.talker import Talker, shown

GIVEN = [f"desk/{name}.py" for name in ("asgi", "exchange", "plain", "routing", "settings", "urls")]
ERROR = {"error": str}
ODD_IDS = (0, "", 1.5, 2**53 + 1)  # the last one is more than a float holds exactly
LONG = 70_000  # more than 64 KiB


def test_everybody_is_let_in(desks: tuple[Desk, Desk], run: Run, picture: Picture) -> None:
    """Under uvicorn and under daphne all four sockets let a client in."""
    expect_given(run, *GIVEN)
    for desk in desks:
        for path in (DESK, LEGACY, ECHO, PLAIN):
            desk.enter(path, "ada")
        desk.expect_none_ended()
    picture.nothing()  # all is well: the checks of waiting and of pushes draw what happened


@needs("test_everybody_is_let_in")
def test_the_desk_answers(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """The desk answers each operation, with the id of the question."""
    for desk in desks:
        ada = desk.enter(DESK, "ada")
        _expect_common_answers(desk, ada)
        tick, stop, sku = desk.id(), desk.id(), desk.sku()
        ada.expect_answer({"op": "tick", "id": tick, "sku": sku}, {"id": tick, "ticking": sku})
        silent = "push-lives-on" if places.swallows(desk.server) else "handler-busy"
        ada.expect_answer({"op": "stop", "id": stop}, {"id": stop, "stopped": True}, code=silent)
        for _ in range(3):
            _expect_common_answers(desk, ada)
        _expect_odd_answers(desk, ada)
    picture.nothing()


@needs("test_the_desk_answers")
def test_the_legacy_desk_answers_alike(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """The legacy desk answers a ping and a quote as the desk does."""
    for desk in desks:
        ada = desk.enter(LEGACY, "ada")
        for _ in range(2):
            _expect_common_answers(desk, ada)
        _expect_odd_answers(desk, ada)
    picture.nothing()


@needs("test_everybody_is_let_in")
def test_the_echo_sends_back_what_it_gets(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """The echo sends back binary frames as binary ones, and text as text."""
    for desk in desks:
        ada = desk.enter(ECHO, "ada")
        long = desk.price() * (LONG // len(desk.price()))
        for frame in (b"\x00\xff" + desk.sku().encode(), desk.price(), long.encode(), long):
            ada.send(frame)
            wanted = f"{ada.name} sends {shown(frame)}, and gets it back"
            if (came := ada.expect_any(wanted)) != frame:
                where = places.handler(desk.server, ECHO)
                fail("answer-differs", wanted=wanted, saw=f"it was {shown(came)}", where=where, facts={"path": ECHO})
    picture.nothing()


@needs("test_the_legacy_desk_answers_alike")
def test_what_is_no_json_text_is_answered(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """A frame that is no JSON text is answered with an error; the next as ever."""
    for desk in desks:
        ping = json.dumps({"op": "ping", "id": desk.id()})
        for path in (DESK, LEGACY):
            ada = desk.enter(path, "ada")
            for frame in (ping[:-1], desk.price(), "", ping.encode(), b"\x00\xff", b""):
                _expect_refused(desk, ada, frame)
    picture.nothing()


@needs("test_what_is_no_json_text_is_answered")
def test_what_is_no_operation_is_answered(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """So is JSON that is no operation, or lacks something."""
    for desk in desks:
        for path in (DESK, LEGACY):
            ada = desk.enter(path, "ada")
            for frame in _misunderstood(desk, path):
                _expect_refused(desk, ada, json.dumps(frame))
    picture.nothing()


def _expect_odd_answers(desk: Desk, talker: Talker) -> None:
    """To what is seldom, and yet in the table."""
    for id_ in ODD_IDS:
        ping = json.dumps({"op": "ping", "id": id_}, indent=1)
        talker.expect_answer(f"\n {ping} \n", {"id": id_, "pong": True})
    _expect_common_answers(desk, talker, sku="")


def _expect_common_answers(desk: Desk, talker: Talker, sku: str | None = None) -> None:
    """What the desk and the legacy desk both know. `sku` is drawn where it is None."""
    ping, quote, price = desk.id(), desk.id(), desk.price()
    sku = desk.sku() if sku is None else sku
    talker.expect_answer({"op": "ping", "id": ping}, {"id": ping, "pong": True})
    frame = {"op": "quote", "id": quote, "sku": sku}
    talker.send(frame)
    wanted = f"the exchange is asked when {talker.name} sends {shown(frame)}"
    desk.expect_asked(f"price-{sku}", talker, wanted, code="answer-differs")
    desk.release(f"price-{sku}", price)
    talker.expect({"id": quote, "price": price}, f"has sent {shown(frame)}")


def _misunderstood(desk: Desk, path: str) -> Iterator[Any]:
    id_, sku = desk.id(), desk.sku()
    yield from ([], ["ping"], "ping", 7, None, True)
    yield from ({"op": f"op-{sku}", "id": id_}, {"id": id_}, {"op": ["ping"], "id": id_}, {"op": None, "id": id_})
    yield from ({"op": "ping"}, {"op": "quote", "sku": sku}, {"op": "quote", "id": id_})
    yield from ({"op": "quote", "id": id_, "sku": value} for value in (7, None, [sku]))
    if path == DESK:
        yield from ({"op": "tick", "sku": sku}, {"op": "tick", "id": id_}, {"op": "stop"})
        yield from ({"op": "tick", "id": id_, "sku": value} for value in (7, None, [sku]))
    else:
        yield from ({"op": "tick", "id": id_, "sku": sku}, {"op": "stop", "id": id_})


def _expect_refused(desk: Desk, talker: Talker, frame: str | bytes) -> None:
    id_ = desk.id()
    talker.expect_answer(frame, ERROR, code="odd-frame-unanswered", crash="odd-frame-fatal")
    talker.expect_answer({"op": "ping", "id": id_}, {"id": id_, "pong": True}, meanwhile=" after that")
