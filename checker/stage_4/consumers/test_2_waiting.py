"""Checks of Consumers: who waits while the exchange is asked for a price, and what is told when it has none."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.suite import needs
from checker.stage_4.consumers import places
from checker.stage_4.consumers.desk import DESK, ECHO, LEGACY, PLAIN, Desk
from checker.stage_4.consumers.talker import SILENT, Talker, shown
from course.pictures import BarKind

TITLE = "{}: prices under way, and pings to the desk meanwhile"
SHOWN_WITHIN_S = 0.1

Asked = tuple[Talker, int | str, str]  # who has asked, by which id, for which article


@needs("test_what_is_no_operation_is_answered", "test_the_echo_sends_back_what_it_gets")
def test_a_quote_that_waits_stalls_nobody(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """While a quote of the desk waits, pings, quotes and echoes of all others are served."""
    for desk in desks:
        ada, bo, eve, fay = (desk.enter(DESK, name) for name in ("ada", "bo", "eve", "fay"))
        cy, dot = desk.enter(LEGACY, "cy"), desk.enter(ECHO, "dot")
        quotes = [_ask(desk, ada)]
        meanwhile = f" while {ada.name} waits for a quote"
        _expect_pong(desk, bo, meanwhile, "one-thread")
        quotes.append(_ask(desk, bo, meanwhile))
        _expect_echo(desk, dot, meanwhile, "one-thread")
        quotes.append(_ask(desk, eve, meanwhile))
        meanwhile = " while three others at the desk wait for a quote"
        _expect_pong(desk, cy, meanwhile, "one-thread")
        _expect_pong(desk, fay, meanwhile, "one-thread")
        _expect_told(desk, [_ask(desk, fay, meanwhile)])
        quotes.append(_ask(desk, cy, meanwhile))  # the last one: who waits for the legacy desk is judged elsewhere
        _expect_told(desk, quotes)
        # Of one article, each is asked for: while another one waits, and when it has been told.
        sku = desk.sku()
        _expect_told(desk, [_ask(desk, ada, sku=sku), _ask(desk, bo, " as another socket does", sku)])
        _expect_told(desk, [_ask(desk, ada, " once more", sku)])
    picture.nothing()


@needs("test_a_quote_that_waits_stalls_nobody")
def test_a_legacy_quote_stalls_no_desk(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """While a quote of the legacy desk waits, the desk and the echo are served."""
    for desk in desks:
        ada, bo, dot = desk.enter(LEGACY, "ada"), desk.enter(DESK, "bo"), desk.enter(ECHO, "dot")
        quotes = [_ask(desk, ada)]
        meanwhile = f" while {ada.name} waits for a quote"
        _expect_pong(desk, bo, meanwhile, "legacy-thread")
        quotes.append(_ask(desk, bo, meanwhile))
        _expect_echo(desk, dot, meanwhile, "legacy-thread")
        _expect_told(desk, quotes)
    picture.lanes(TITLE.format(desks[0].name), _who_waits(desks[0]))


@needs("test_the_legacy_desk_answers_alike")
def test_a_quote_that_fails_is_answered(desks: tuple[Desk, Desk], picture: Picture) -> None:
    """A quote that the exchange fails is answered with its id and an error; the next as ever."""
    for desk in desks:
        for talker in (desk.enter(DESK, "ada"), desk.enter(LEGACY, "bo")):
            for how in ("refuses", "breaks off"):
                _, id_, sku = _ask(desk, talker)
                if how == "refuses":
                    desk.gate.release(f"price-{sku}", status=404)
                else:
                    desk.gate.break_off(f"price-{sku}")
                situation = f"waits for a quote that the exchange {how}"
                talker.expect({"id": id_, "error": str}, situation, crash="failure-fatal")
                _expect_pong(desk, talker, " after that", SILENT)
    picture.nothing()


def _ask(desk: Desk, talker: Talker, meanwhile: str = "", sku: str = "") -> Asked:
    """A quote that waits at the exchange, for this article or for one drawn."""
    id_, sku = desk.id(), sku or desk.sku()
    before = desk.times_asked(f"price-{sku}")
    frame = {"op": "quote", "id": id_, "sku": sku}
    talker.send(frame)
    wanted = f"the exchange is asked when {talker.name} sends {shown(frame)}{meanwhile}"
    desk.expect_asked(f"price-{sku}", talker, wanted, code="one-thread", before=before, where=places.bridge)
    return talker, id_, sku


def _expect_told(desk: Desk, quotes: list[Asked]) -> None:
    """The exchange answers these, the last one first."""
    prices = {sku: desk.price() for _, _, sku in quotes}
    for talker, id_, sku in reversed(quotes):
        desk.release(f"price-{sku}", prices[sku])
        talker.expect({"id": id_, "price": prices[sku]}, "waits for its quote")


def _expect_pong(desk: Desk, talker: Talker, meanwhile: str, silent: str) -> None:
    id_ = desk.id()
    talker.expect_answer({"op": "ping", "id": id_}, {"id": id_, "pong": True}, meanwhile=meanwhile, code=silent)


def _expect_echo(desk: Desk, talker: Talker, meanwhile: str, silent: str) -> None:
    text = desk.price()
    talker.send(text)
    wanted = f"{talker.name} gets back what it sends{meanwhile}"
    if (came := talker.expect_any(wanted, code=silent)) != text:
        fail("answer-differs", wanted=wanted, saw=f"it was {shown(came)}", facts={"path": ECHO})


def _who_waits(desk: Desk) -> list[Lane]:
    """Asks for a price by each kind of consumer, with a ping to the desk meanwhile. Shown, and not judged.

    The given consumer of /ws/plain/ makes the desk wait; that of a right solution need not.
    """
    rows: list[Lane] = []
    pinged = desk.enter(DESK, "bo")
    for path, name in ((DESK, "ada"), (LEGACY, "cy"), (PLAIN, "eve")):
        asking, id_, sku, price = desk.enter(path, name), desk.id(), desk.sku(), desk.price()
        asked_s = History.now()
        asking.send(sku if path == PLAIN else {"op": "quote", "id": id_, "sku": sku})
        desk.gate.wait_tag(f"price-{sku}")
        ping_s = History.now()
        pinged.send({"op": "ping", "id": id_})
        pong = pinged.socket.receive(SHOWN_WITHIN_S)
        pong_s = History.now()
        desk.release(f"price-{sku}", price)
        asking.wait_frame()
        rows.append(Lane(f"{path} price", [Stretch(asked_s, History.now(), BarKind.UPSTREAM, "at the exchange")]))
        if pong is None:
            pinged.wait_frame()
            pong_s = History.now()
        rows.append(Lane(f"{DESK} ping", [Stretch(ping_s, pong_s, BarKind.WAITING)]))
    return rows
