"""Checks of Consumers: pushes that go on beside the questions, and end when they should."""

from __future__ import annotations

import pytest

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_4.consumers import places, trouble
from checker.stage_4.consumers.desk import DESK, PLAIN, Desk
from checker.stage_4.consumers.pushes import (
    AFTER_FAILURE,
    OVER,
    FailedPush,
    expect_end_in_a_send,
    expect_end_in_an_answer,
    expect_over_at_once,
    expect_pushing,
    expect_replaced,
    expect_stopped,
    expect_tick,
)

LOGGED_WITHIN_S = 5.0
LAST = "?last"
# What a send to a client that has gone may raise: uvicorn's own, or any of Python's for a broken connection.
CLIENT_GONE = ("ClientDisconnected", "OSError", "ConnectionError", "ConnectionResetError", "BrokenPipeError")


@needs("test_what_is_no_operation_is_answered", "test_a_quote_that_waits_stalls_nobody")
def test_ticks_come_beside_the_questions(desks: tuple[Desk, Desk]) -> None:
    """Each price of the exchange is pushed, while its socket asks, errs, and waits for a quote."""
    for desk in desks:
        ada = desk.enter(DESK, "ada")
        sku = expect_pushing(desk, ada)
        price, ping, quote, asked = desk.price(), desk.id(), desk.id(), desk.sku()
        expect_tick(desk, ada, sku, price)
        question = {"op": "ping", "id": ping}
        ada.expect_answer(question, {"id": ping, "pong": True}, meanwhile=" between two ticks", code="handler-busy")
        ada.expect_answer("?", {"error": str}, meanwhile=" between two ticks")
        for _ in range(2):
            expect_tick(desk, ada, sku, price)  # the same once more is a price, too
        ada.send({"op": "quote", "id": quote, "sku": asked})
        wanted = f"the exchange is asked for the quote of {ada.name} between two ticks"
        desk.expect_asked(f"price-{asked}", ada, wanted, code="handler-busy", where=places.loop)
        for _ in range(4):
            expect_tick(desk, ada, sku, desk.price(), " while a quote of the same socket waits")
        desk.release(f"price-{asked}", price)
        ada.expect({"id": quote, "price": price}, "waits for its quote")
        ada.send({"op": "quote", "id": quote, "sku": asked})
        desk.expect_asked(f"price-{asked}", ada, wanted, code="answer-differs")
        desk.gate.break_off(f"price-{asked}")
        ada.expect({"id": quote, "error": str}, "waits for a quote that the exchange breaks off")
        expect_tick(desk, ada, sku, "", " after that")  # an empty text is a price, too
        expect_tick(desk, ada, sku, price)
        ada.expect_answer(question, {"id": ping, "pong": True}, meanwhile=" after its last tick")
        expect_pushing(desk, ada, sku)
        expect_tick(desk, ada, sku, price, ", begun anew,")  # even if that is the last one of the push before


@needs("test_ticks_come_beside_the_questions")
def test_a_socket_has_one_push(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """Another tick takes the place of a push, a stop ends it."""
    for desk in desks:
        ada, bo = desk.enter(DESK, "ada"), desk.enter(DESK, "bo")
        expect_stopped(desk, ada)  # where nothing is to be stopped
        first = expect_pushing(desk, ada)
        expect_pushing(desk, bo, first)  # of the same article: each socket's push is its own
        second = expect_replaced(desk, ada, first, bo)
        expect_stopped(desk, ada)
        desk.expect_hung_up(f"tick-{second}", f"{ada.name} stops its push: it ends", "after `stop`")
        third = expect_pushing(desk, ada)  # once more
        expect_pushing(desk, ada)
        expect_over_at_once(desk, ada, third, "after another `tick`")
        fourth = expect_pushing(desk, ada)
        expect_stopped(desk, ada)
        expect_over_at_once(desk, ada, fourth, "after `stop`")
        expect_tick(desk, bo, first, desk.price(), " when another socket has stopped its own")
    picture.nothing()


@needs("test_a_socket_has_one_push")
def test_a_push_ends_with_its_client(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """A push ends when its client closes the socket or is cut off; those of others go on."""
    for desk in desks:
        ada, bo, cy = (desk.enter(DESK, name) for name in ("ada", "bo", "cy"))
        for talker in (ada, bo):  # not only the first push of a socket
            expect_pushing(desk, talker)
        expect_stopped(desk, bo)
        mine, theirs = expect_pushing(desk, ada), expect_pushing(desk, bo)
        others = expect_pushing(desk, cy)
        for talker, sku, how, leave in (
            (ada, mine, "closed its socket", ada.socket.close),
            (bo, theirs, "was cut off", bo.socket.cut),
        ):
            leave()
            after = f"after the client {how}"
            desk.expect_hung_up(f"tick-{sku}", f"{talker.name} {how}: its push ends", after)
        expect_tick(desk, cy, others, desk.price(), " when other clients have gone")
    picture.nothing()


@needs("test_a_push_ends_with_its_client")
@pytest.mark.usefixtures("failed")  # by the time that the next check looks at them, they have slept long
def test_a_push_ends_midway(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """So it does when the client is cut off in a send, or while a quote of its own waits."""
    for desk in desks:
        for name, how in (("ada", "told"), ("bo", "failed")):
            talker = desk.enter(DESK, name)
            sku, asked = expect_pushing(desk, talker), desk.sku()
            talker.send({"op": "quote", "id": desk.id(), "sku": asked})
            desk.expect_asked(f"price-{asked}", talker, "the exchange is asked for a quote", code="handler-busy")
            talker.socket.cut()
            talker.socket.wait_closed()
            desk.take_turns()  # by then the server knows
            if how == "told":
                desk.release(f"price-{asked}", desk.price())
            else:
                desk.gate.break_off(f"price-{asked}")
            wanted = f"{talker.name} was cut off while its quote waited: once that is {how}, its push ends"
            desk.expect_hung_up(f"tick-{sku}", wanted, f"after the client was cut off and its quote {how}")
        expect_end_in_an_answer(desk)
        expect_end_in_a_send(desk)
    picture.nothing()


@needs("test_ticks_come_beside_the_questions")
def test_a_push_that_fails_is_told(desks: tuple[Desk, Desk], failed: tuple[FailedPush, ...], picture: Picture) -> None:
    """A push that the exchange fails is told, once; it is over, and another may begin."""
    for desk in desks:
        ada, sku = desk.enter(DESK, "ada"), desk.sku()
        for how in ("refuses", "breaks off"):
            expect_pushing(desk, ada, sku)  # the second time in place of one that has failed
            expect_tick(desk, ada, sku, desk.price())
            desk.gate.wait_tag(f"tick-{sku}")
            if how == "refuses":
                desk.gate.release(f"tick-{sku}", status=503)
            else:
                desk.gate.break_off(f"tick-{sku}")
            ada.expect({"tick": sku, "error": str}, f"has a push that the exchange {how}", code="push-silent")
            ping = desk.id()
            ada.expect_answer({"op": "ping", "id": ping}, {"id": ping, "pong": True}, meanwhile=" after that")
            desk.expect_hung_up(f"tick-{sku}", OVER, AFTER_FAILURE)
        expect_stopped(desk, ada)
    for push in failed:
        push.expect_over()
    picture.nothing()


@needs("test_a_push_ends_midway", "test_a_push_that_fails_is_told", "test_a_quote_that_fails_is_answered")
def test_who_has_gone_leaves_no_error(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """When its client went, no consumer ended with an error, but for that of a send to it."""
    picture.nothing()
    for desk in desks:
        server = desk.server
        wanted = f"a client of {server.name} goes, and its consumer ends without an error"
        desk.enter(PLAIN, "eve")
        desk.expect_none_ended()  # by then the probe has told of all that was before
        for event in server.seen(EventKind.APP_RAISED):
            if event.get("group") or event["type"] not in CLIENT_GONE:
                group = f" (in an {event['group']})" if event.get("group") else ""
                saw = f"{event['type']}{group}: {event['message']}"
                where = event.where or places.line(server, r"def disconnect")
                fail("error-left-behind", wanted=wanted, saw=saw, where=where)
        # Of a CancelledError only uvicorn's log tells. It has all that was before, once it has this path.
        if server.name != "uvicorn":
            continue
        desk.enter(f"{DESK}{LAST}", "ada")
        server.process.log.wait_for(LAST, LOGGED_WITHIN_S)
        trouble.judge_cancelled(server, wanted)
