"""What the checks of pushes expect of one: that it asks the exchange, tells its client, and ends."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.deaf import DeafClient
from checker.harness.findings import fail
from checker.harness.history import History
from checker.stage_4.consumers import places
from checker.stage_4.consumers.desk import DESK, TURNS, Desk
from checker.stage_4.consumers.talker import Talker, matches, shown

# daphne sends no frame of more than 1 MiB. As JSON, this is less; so many of it fill whatever lies between a server
# and a client that reads nothing.
LONG_PRICE = "🦊" * 80_000
MOST_LONG_PRICES = 20
WRITTEN_WITHIN_S = 0.2
PINGS = 5
# A push that has failed, and only sleeps, has woken by then.
SLEEPS_S = 0.5
OVER, AFTER_FAILURE = "a push that has failed is over", "after its failure"


def expect_pushing(desk: Desk, talker: Talker, sku: str = "") -> str:
    """A push of this article, or of one drawn, which waits at the exchange."""
    id_, sku = desk.id(), sku or desk.sku()
    before = desk.times_asked(f"tick-{sku}")
    talker.expect_answer({"op": "tick", "id": id_, "sku": sku}, {"id": id_, "ticking": sku}, code="push-lives-on")
    expect_waiting(desk, talker, sku, before)
    return sku


def expect_waiting(desk: Desk, talker: Talker, sku: str, before: int = 0) -> None:
    """The push asks the exchange for the next price, more often than so."""
    wanted = f"the push of {talker.name} asks the exchange for the next price of {sku}"
    wanted += ", anew" if before else ""
    where = places.push_task if before else places.price_call
    desk.expect_asked(f"tick-{sku}", talker, wanted, code="tick-missing", before=before, where=where)


def expect_tick(desk: Desk, talker: Talker, sku: str, price: str, situation: str = "") -> None:
    """The exchange tells the next price, and the client hears it."""
    expect_waiting(desk, talker, sku)
    desk.release(f"tick-{sku}", price)
    talker.expect({"tick": sku, "price": price}, f"has a push{situation}", code="tick-missing")


def expect_stopped(desk: Desk, talker: Talker) -> None:
    """A stop is answered."""
    id_ = desk.id()
    talker.expect_answer({"op": "stop", "id": id_}, {"id": id_, "stopped": True}, code="push-lives-on")


def expect_replaced(desk: Desk, talker: Talker, sku: str, other: Talker) -> str:
    """Another article takes the place of this one, which somebody else is pushed, too."""
    both = f"{talker.name} and {other.name} have sent the same `tick`: the exchange is asked for {sku} by each"
    if not desk.wait_held(f"tick-{sku}", 2):
        _fail_as_shared(desk, both, "one of the two pushes has ended")
    second = expect_pushing(desk, talker)
    wanted = f"{talker.name} has sent another `tick`: the exchange is asked for {sku} by {other.name} alone"
    is_alone = desk.wait_held(f"tick-{sku}", 1)
    count = desk.gate.held.count(f"tick-{sku}")
    if not is_alone and count:
        desk.fail_as_living_on(wanted, f"the exchange is still asked by {count} of them", "after another `tick`")
    if not count:
        _fail_as_shared(desk, wanted, "nobody asks for it any more: the other socket's push has ended, too")
    expect_pushing(desk, talker, second)  # the same once more
    desk.take_turns()
    desk.gate.wait_settled()
    if not desk.wait_held(f"tick-{second}", 1):
        wanted = f"{talker.name} has sent the same `tick` once more: the exchange is asked for {second} once"
        count = desk.gate.held.count(f"tick-{second}")
        desk.fail_as_living_on(wanted, f"the exchange is asked {count} times", "after another `tick`")
    return second


def expect_over_at_once(desk: Desk, talker: Talker, sku: str, after: str) -> None:
    """The push was ended by the answer that has just come: the client is told nothing of a price that comes now."""
    desk.release(f"tick-{sku}", desk.price())
    id_ = desk.id()
    for _ in range(TURNS):
        talker.send({"op": "ping", "id": id_})
        wanted = f"{talker.name} is told no price of {sku} {after} was answered"
        frame = talker.expect_any(wanted)
        if not matches(frame, {"id": id_, "pong": True}):
            desk.fail_as_living_on(wanted, f"it was told {shown(frame)}", after)


class FailedPush:
    """A push that the exchange has failed, of a socket that stays: it must not ask again, at once or later."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tag = f"tick-{expect_pushing(desk, desk.enter(DESK, 'eve'))}"
        self._since_s = History.now()
        desk.gate.release(self._tag, status=503)

    def expect_over(self) -> None:
        """It has not asked again."""
        self._desk.gate.wait_tag(self._tag, max(0.0, self._since_s + SLEEPS_S - History.now()))
        if (times := self._desk.times_asked(self._tag)) > 1:
            saw = f"the exchange was asked {times} times: {self._tag}"
            self._desk.fail_as_living_on(OVER, saw, AFTER_FAILURE)


def expect_end_in_an_answer(desk: Desk) -> None:
    """Under uvicorn the client has gone when the first of these is sent, and that of the last raises."""
    talker = desk.enter(DESK, "cy")
    sku, ping = expect_pushing(desk, talker), {"op": "ping", "id": desk.id()}
    with desk.stopped():
        for _ in range(PINGS):
            talker.send(ping)
        talker.socket.cut()
        talker.socket.wait_closed()
    wanted = f"{talker.name} was cut off while its pings were answered: its push ends"
    desk.expect_hung_up(f"tick-{sku}", wanted, "after the client was cut off")


def expect_end_in_a_send(desk: Desk) -> None:
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


def _fail_as_shared(desk: Desk, wanted: str, saw: str) -> NoReturn:
    where = places.line(desk.server, r"^\w+\s*=\s*(?:\{|set|dict|default|None)", r"^\s+\w+\s*=\s*(?:\{|set|dict)")
    fail("push-shared", wanted=wanted, saw=saw, where=where)
