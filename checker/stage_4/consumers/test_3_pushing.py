"""Checks of Consumers: pushes that go on beside the questions, and end when they should."""

from __future__ import annotations

import os
import signal

from checker.harness.deaf import DeafClient
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_4.consumers import places, trouble
from checker.stage_4.consumers.desk import DESK, PLAIN, Desk
from checker.stage_4.consumers.talker import Talker

# daphne sends no frame of more than 1 MiB. As JSON, this is less; so many of it fill whatever lies between a server
# and a client that reads nothing.
LONG_PRICE = "🦊" * 80_000
MOST_LONG_PRICES = 20
WRITTEN_WITHIN_S = 0.2
LOGGED_WITHIN_S = 5.0
LAST = "?last"
# What a send to a client that has gone may raise: uvicorn's own, or any of Python's for a broken connection.
CLIENT_GONE = ("ClientDisconnected", "OSError", "ConnectionError", "ConnectionResetError", "BrokenPipeError")


@needs("test_what_is_no_operation_is_answered", "test_a_quote_that_waits_stalls_nobody")
def test_ticks_come_beside_the_questions(desks: tuple[Desk, Desk]) -> None:
    """Each price of the exchange is pushed, while its socket asks, errs, and waits for a quote."""
    for desk in desks:
        ada = desk.enter(DESK, "ada")
        sku = _expect_pushing(desk, ada)
        price, ping, quote, asked = desk.price(), desk.id(), desk.id(), desk.sku()
        _expect_tick(desk, ada, sku, price)
        question = {"op": "ping", "id": ping}
        ada.expect_answer(question, {"id": ping, "pong": True}, meanwhile=" between two ticks", code="handler-busy")
        ada.expect_answer("?", {"error": str}, meanwhile=" between two ticks")
        _expect_tick(desk, ada, sku, price)  # the same once more is a price, too
        ada.send({"op": "quote", "id": quote, "sku": asked})
        wanted = f"the exchange is asked for the quote of {ada.name} between two ticks"
        desk.expect_asked(f"price-{asked}", ada, wanted, code="handler-busy", patterns=(r"\bwhile\b",))
        for _ in range(2):
            _expect_tick(desk, ada, sku, desk.price(), " while a quote of the same socket waits")
        desk.release(f"price-{asked}", price)
        ada.expect({"id": quote, "price": price}, "waits for its quote")
        _expect_tick(desk, ada, sku, desk.price())
        ada.expect_answer(question, {"id": ping, "pong": True}, meanwhile=" after its last tick")


@needs("test_ticks_come_beside_the_questions")
def test_a_socket_has_one_push(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """Another tick takes the place of a push, a stop ends it."""
    for desk in desks:
        ada, bo = desk.enter(DESK, "ada"), desk.enter(DESK, "bo")
        _expect_stopped(desk, ada)  # where nothing is to be stopped
        first = _expect_pushing(desk, ada)
        _expect_pushing(desk, bo, first)  # of the same article: each socket's push is its own
        second = _expect_replaced(desk, ada, first, bo)
        _expect_stopped(desk, ada)
        desk.expect_hung_up(f"tick-{second}", f"{ada.name} stops its push: it ends", "after `stop`")
        _expect_stopped_at_the_tick(desk, ada)
        _expect_pushing(desk, ada)  # once more
        _expect_tick(desk, bo, first, desk.price(), " when another socket has stopped its own")
    picture.nothing()


@needs("test_a_socket_has_one_push")
def test_a_push_ends_with_its_client(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """A push ends when its client closes the socket or is cut off; those of others go on."""
    for desk in desks:
        ada, bo, cy = (desk.enter(DESK, name) for name in ("ada", "bo", "cy"))
        mine, theirs = _expect_pushing(desk, ada), _expect_pushing(desk, bo)
        others = _expect_pushing(desk, cy)
        for talker, sku, how, leave in (
            (ada, mine, "closed its socket", ada.socket.close),
            (bo, theirs, "was cut off", bo.socket.cut),
        ):
            leave()
            after = f"after the client {how}"
            desk.expect_hung_up(f"tick-{sku}", f"{talker.name} {how}: its push ends", after)
        _expect_tick(desk, cy, others, desk.price(), " when other clients have gone")
    picture.nothing()


@needs("test_a_push_ends_with_its_client")
def test_a_push_ends_midway(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """So it does when the client is cut off in a send, or while a quote of its own waits."""
    for desk in desks:
        ada = desk.enter(DESK, "ada")
        sku, asked = _expect_pushing(desk, ada), desk.sku()
        ada.send({"op": "quote", "id": desk.id(), "sku": asked})
        desk.expect_asked(f"price-{asked}", ada, "the exchange is asked for a quote", code="handler-busy")
        ada.socket.cut()
        ada.socket.wait_closed()
        desk.take_turns()  # by then the server knows
        desk.release(f"price-{asked}", desk.price())
        wanted = f"{ada.name} was cut off while its quote waited: once there is a price, its push ends"
        desk.expect_hung_up(f"tick-{sku}", wanted, "after the client was cut off and its quote told")
        _expect_end_in_a_send(desk)
    picture.nothing()


@needs("test_ticks_come_beside_the_questions")
def test_a_push_that_fails_is_told(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """A push that the exchange fails is told, once; it is over, and another may begin."""
    for desk in desks:
        ada = desk.enter(DESK, "ada")
        for how in ("refuses", "breaks off"):
            sku = _expect_pushing(desk, ada)
            _expect_tick(desk, ada, sku, desk.price())
            desk.gate.wait_tag(f"tick-{sku}")
            if how == "refuses":
                desk.gate.release(f"tick-{sku}", status=503)
            else:
                desk.gate.break_off(f"tick-{sku}")
            ada.expect({"tick": sku, "error": str}, f"has a push that the exchange {how}", code="push-silent")
            ping = desk.id()
            ada.expect_answer({"op": "ping", "id": ping}, {"id": ping, "pong": True}, meanwhile=" after that")
            desk.expect_hung_up(f"tick-{sku}", "a push that has failed is over", "after its failure")
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


def _expect_pushing(desk: Desk, talker: Talker, sku: str = "") -> str:
    """A push of this article, or of one drawn, which waits at the exchange."""
    id_, sku = desk.id(), sku or desk.sku()
    talker.expect_answer({"op": "tick", "id": id_, "sku": sku}, {"id": id_, "ticking": sku}, code="push-lives-on")
    _expect_waiting(desk, talker, sku)
    return sku


def _expect_waiting(desk: Desk, talker: Talker, sku: str) -> None:
    wanted = f"the push of {talker.name} asks the exchange for the next price of {sku}"
    desk.expect_asked(f"tick-{sku}", talker, wanted, code="tick-missing", patterns=(r"next_price\(",))


def _expect_tick(desk: Desk, talker: Talker, sku: str, price: str, situation: str = "") -> None:
    """The exchange tells the next price, and the client hears it."""
    _expect_waiting(desk, talker, sku)
    desk.release(f"tick-{sku}", price)
    talker.expect({"tick": sku, "price": price}, f"has a push{situation}", code="tick-missing")


def _expect_stopped(desk: Desk, talker: Talker) -> None:
    id_ = desk.id()
    talker.expect_answer({"op": "stop", "id": id_}, {"id": id_, "stopped": True}, code="push-lives-on")


def _expect_replaced(desk: Desk, talker: Talker, sku: str, other: Talker) -> str:
    """Another article takes the place of this one, which somebody else is pushed, too."""
    second = _expect_pushing(desk, talker)
    wanted = f"{talker.name} has sent another `tick`: the exchange is asked for {sku} by {other.name} alone"
    is_alone = desk.wait_held(f"tick-{sku}", 1)
    count = desk.gate.held.count(f"tick-{sku}")
    if not is_alone and count:
        desk.fail_as_living_on(wanted, f"the exchange is still asked by {count} of them", "after another `tick`")
    if not count:
        saw = "nobody asks for it any more: the other socket's push has ended, too"
        where = places.line(desk.server, r"^\w+\s*=\s*(?:\{|set|dict|default|None)", r"^\s+\w+\s*=\s*(?:\{|set|dict)")
        fail("push-shared", wanted=wanted, saw=saw, where=where)
    return second


def _expect_stopped_at_the_tick(desk: Desk, talker: Talker) -> None:
    """The next price and the stop come at once: whichever is first, no tick follows the answer."""
    sku, id_, ping = _expect_pushing(desk, talker), desk.id(), desk.id()
    os.kill(desk.server.pid, signal.SIGSTOP)
    try:
        desk.release(f"tick-{sku}", desk.price())
        desk.gate.wait_settled()
        talker.send({"op": "stop", "id": id_})
    finally:
        os.kill(desk.server.pid, signal.SIGCONT)
    wanted = f"{talker.name} stops its push, just when there is another price, and is answered that it has stopped"
    answer = {"id": id_, "stopped": True}
    if "tick" in (frame := talker.expect_any(wanted)):
        frame = talker.expect_any(wanted)
    if frame != answer:
        talker.fail_as_differing(frame, answer, wanted)
    talker.expect_answer({"op": "ping", "id": ping}, {"id": ping, "pong": True}, meanwhile=" after that")
    desk.expect_hung_up(f"tick-{sku}", wanted, "after `stop`")


def _expect_end_in_a_send(desk: Desk) -> None:
    """In the middle of a send under uvicorn. daphne's never waits: what a client does not read lies in its memory."""
    sku, id_ = desk.sku(), desk.id()
    deaf = DeafClient(desk.server.run.history, desk.server, DESK, label="bo desk")
    if not deaf.ask({"op": "tick", "id": id_, "sku": sku}, "ticking"):
        fail("no-reply", wanted=f"bo at {DESK} of {desk.name} begins a push", saw="nothing came", facts={"path": DESK})
    tag = f"tick-{sku}"
    desk.gate.wait_tag(tag)
    for _ in range(MOST_LONG_PRICES if desk.name == "uvicorn" else 1):
        desk.release(tag, LONG_PRICE)
        if not desk.gate.wait_tag(tag, WRITTEN_WITHIN_S):
            break
    deaf.cut()
    wanted = f"a client of {desk.name} that did not read was cut off in the middle of a send: its push ends"
    desk.expect_hung_up(tag, wanted, "after the client was cut off")
