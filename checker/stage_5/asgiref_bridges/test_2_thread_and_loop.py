"""Checks of the bridges: one thread for the meter, and the request's own loop for the register."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_5.asgiref_bridges import places, trouble
from checker.stage_5.asgiref_bridges.asking import Visitor
from checker.stage_5.asgiref_bridges.batches import PLACES, Batch
from checker.stage_5.asgiref_bridges.calls import FETCH, SIGN, STAMP, Call
from checker.stage_5.asgiref_bridges.depot import Depot, Reply
from checker.stage_5.asgiref_bridges.drawing import threads
from checker.stage_5.asgiref_bridges.handing_over import HandOver
from checker.stage_5.asgiref_bridges.registers import expect_closed

MANY = 5


@needs("test_four_fetches_at_once")
def test_the_one_meter(depot: Depot, picture: Picture) -> None:
    """Many visitors at once use the one meter, beside the fetches."""
    with threads(depot, picture, "stamps and fetches: the threads, and what they wait for"):
        first = depot.visit("stamp", name="/stamp/ 1")
        depot.expect_call(first, STAMP)
        depot.expect_ping("while a stamp is made")
        others = [depot.visit("stamp", name=f"/stamp/ {number}") for number in range(2, MANY + 1)]
        depot.settle()
        for visitor in (first, *others):
            trouble.judge(visitor, f"{MANY} visitors at once wait for the meter, each for its stamp")
        batch = Batch(depot, 2, "batch beside the stamps")
        batch.sign_in()
        _expect_beside(depot, batch)
        batch.serve()
        batch.expect_found()
        depot.serve(first, *others, replies=lambda _: "stamped")
        numbers = sorted(_number(depot, visitor) for visitor in (first, *others))
    last = numbers[-1]
    if numbers != [*range(last - MANY + 1, last + 1)]:
        wanted = f"{MANY} stamps have {MANY} numbers, one after the other"
        where = places.line(depot.uvicorn.run, r"\.stamp\b")
        fail("wrong-answer", wanted=wanted, saw=", ".join(map(str, numbers)), where=where)

    busy = _four_fetches(depot)
    failing = depot.visit("stamp", name="/stamp/, out of ink")
    reason = depot.word("ink")
    depot.reply(_expect_call_beside(depot, failing, STAMP), Reply(reason, 503))
    depot.expect_failure(failing, trouble.down(reason), "when a stamp fails,")
    after = depot.visit("stamp", name="/stamp/, the next one")
    depot.reply(_expect_call_beside(depot, after, STAMP), "stamped")
    depot.expect_answer(after, {"number": last + 1}, "the stamp after one that failed has the next number")
    busy.serve()
    busy.expect_found()
    _expect_none_hurt_by_who_leaves(depot, last + 1)


@needs("test_four_fetches_at_once")
def test_a_hand_over(depot: Depot, picture: Picture) -> None:
    """A hand-over's signatures are awaited on its request's loop."""
    with threads(depot, picture, "two hand-overs: the threads, and what they wait for"):
        one, two = HandOver(depot, 2, "hand-over one"), HandOver(depot, 3, "hand-over two")
        for each in (one, two):
            each.open()
        for each in (two, one):
            each.sign_all()
        depot.expect_ping("while the driver writes a receipt")
        for each in (one, two):
            each.finish()

    busy = _four_fetches(depot)
    beside = HandOver(depot, 1, "hand-over beside the fetches")
    beside.open()
    _expect_call_beside(depot, beside.visitor, SIGN)
    beside.sign_all()
    beside.finish()
    busy.serve()
    busy.expect_found()


@needs("test_a_hand_over")
def test_a_hand_over_that_fails(depot: Depot, picture: Picture) -> None:
    """A hand-over that fails raises the error, and closes its register."""
    refused = HandOver(depot, 3, "hand-over with a refusal")
    refused.open()
    refused.sign(refused.visitor.parcels[0])
    reason = depot.word("stolen")
    depot.reply(refused.expect_sign(refused.visitor.parcels[1]), Reply(reason, 409))
    expect_closed(depot, refused.visitor, "when a signature is refused,")
    depot.expect_failure(refused.visitor, trouble.refused(reason), "from beneath the SDK")

    without = HandOver(depot, 1, "hand-over without a driver")
    without.open()
    without.sign_all()
    reason = depot.word("strike")
    depot.reply(without.expect_handed_over(), Reply(reason, 503))
    expect_closed(depot, without.visitor, "when there is no driver,")
    depot.expect_failure(without.visitor, trouble.down(reason), "when there is no driver,")
    picture.nothing()


def _number(depot: Depot, visitor: Visitor) -> int:
    """The number that this visitor's stamp has."""
    answer = depot.expect_any_answer(visitor, f"{visitor.name} tells the number of its stamp")
    trouble.judge_answer(visitor, answer, f"{visitor.name} tells the number of its stamp")
    body = answer.json()
    if not isinstance(body, dict) or type(body.get("number")) is not int:
        where = places.definition(depot.uvicorn.run, "stamp")
        fail("wrong-answer", wanted="the number of a stamp", saw=answer.text[:200], where=where)
    return int(body["number"])


def _four_fetches(depot: Depot) -> Batch:
    """A batch that has all places."""
    busy = Batch(depot, PLACES, "batch of four")
    busy.sign_in()
    busy.expect_fetches(PLACES)
    return busy


def _expect_call_beside(depot: Depot, visitor: Visitor, what: str) -> Call:
    """Such a call is made for the visitor, though four fetches are under way."""
    wanted = f"{visitor.name} makes the call {what} while {PLACES} fetches are under way"

    def otherwise(_: list[Call]) -> NoReturn:
        where = places.bridge(depot.uvicorn.run, visitor.function)
        fail("waits-behind", wanted=wanted, saw="it does not, until one of them is done", where=where)

    return depot.expect_calls(visitor, what, 1, wanted, otherwise)[0]


def _expect_none_hurt_by_who_leaves(depot: Depot, last: int) -> None:
    """A visitor leaves while a stamp is made, another one while waiting for the meter: the next one has a stamp."""
    leaving = depot.visit("stamp", name="/stamp/, left while it is made")
    _expect_call_beside(depot, leaving, STAMP)
    queued = depot.visit("stamp", name="/stamp/, left in the queue")
    depot.settle()
    for visitor in (leaving, queued):
        visitor.exchange.hang_up()
    depot.settle()
    after = depot.visit("stamp", name="/stamp/, after those who left")
    depot.serve(leaving, queued, after, replies=lambda _: "stamped")
    if (number := _number(depot, after)) <= last:
        where = places.definition(depot.uvicorn.run, "stamp")
        fail("wrong-answer", wanted=f"the number of a stamp after {last}", saw=str(number), where=where)


def _expect_beside(depot: Depot, batch: Batch) -> None:
    wanted = f"{batch.visitor.name} fetches while a stamp is being made"

    def otherwise(_: list[Call]) -> NoReturn:
        where = places.line(depot.uvicorn.run, places.LIMITS, STAMP)
        fail("waits-behind", wanted=wanted, saw="no fetch began until then", where=where)

    depot.expect_calls(batch.visitor, FETCH, 2, wanted, otherwise)
