"""The learner's project under one server, as a check meets it: sockets with names, articles drawn, an exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from string import ascii_letters, digits
from threading import Event, Thread
from typing import NoReturn

import psutil

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.idle import Rest
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket
from checker.stage_4.consumers import places, trouble
from checker.stage_4.consumers.talker import AFTER, LOOK_EVERY_S, LOOK_S, PATIENCE_S, Talker

DESK, LEGACY, ECHO, PLAIN = "/ws/desk/", "/ws/legacy/", "/ws/echo/", "/ws/plain/"

# Who asks again has done so by then: each answer takes the server's loop more turns than a call of the exchange.
TURNS = 3


class Desk:
    """One server with the learner's project. `gate` is its exchange."""

    def __init__(self, server: Server, gate: Gate) -> None:
        self.server = server
        self.gate = gate
        self._random = Random(0)  # noqa: S311 - data for checks, no secrets
        self._talkers: list[Talker] = []
        self._witness: Talker | None = None

    @property
    def name(self) -> str:
        """The server's."""
        return self.server.name

    def begin(self, random: Random) -> None:
        """A check begins, which draws its data from this."""
        self._random = random

    def end(self) -> None:
        """The check is over: its clients go, without waiting for a server that may not listen."""
        for talker in self._talkers:
            talker.socket.cut()
        self._talkers.clear()
        self._witness = None

    def enter(self, path: str, name: str) -> Talker:
        """One more open socket."""
        opened: list[WebSocket] = []
        done = Event()
        since = History.now()

        def open_one() -> None:
            opened.append(self.server.websocket(path, label=f"{name} {path.split('/')[2]}"))
            done.set()

        # A handshake that nobody completes is given up by its client after a long while: it is not waited for.
        Thread(target=open_one, daemon=True).start()
        self._wait(lambda: done.wait(LOOK_S))
        if not opened or opened[0].refused is not None:
            self._fail_as_not_let_in(path, opened[0] if opened else None, since)
        talker = Talker(self.server, opened[0], path, name)
        self._talkers.append(talker)
        return talker

    def expect_none_ended(self) -> None:
        """None of those who have entered has met an error since it was let in; the last one is a given consumer's."""
        last = self._talkers[-1].id
        self.server.run.history.wait_for(
            EventKind.APP_ENTERED, lambda event: bool(event["request"] == last), deadline_s=PATIENCE_S
        )
        for talker in self._talkers:
            if trouble.error(self.server, talker.id):
                wanted = f"{self.name} lets a client in at {talker.path}, and its consumer lives"
                trouble.judge_error(self.server, talker.id, talker.path, wanted, code="not-let-in")

    def sku(self) -> str:
        """An article that nobody has asked for yet; its blank, and its great letter, must stay."""
        return "".join(self._random.choices(ascii_letters, k=6)) + " Nr" + "".join(self._random.choices(digits, k=3))

    def id(self) -> int | str:
        """What a client may put into `id`."""
        number = self._random.randrange(10**6)
        return number if self._random.random() < 0.5 else f"no. {number}"

    def price(self) -> str:
        """A price that no number is: its blanks, also the outer ones, and the sign behind it must stay."""
        return f" {self._random.randrange(10, 10**4)}.{self._random.randrange(10)}0 €\n"

    def times_asked(self, tag: str) -> int:
        """How often the exchange has been asked for this, in the whole run."""
        arrivals = self.server.run.history.events(EventKind.GATE_ARRIVED)
        return sum(event["tag"] == tag for event in arrivals)

    def expect_asked(
        self,
        tag: str,
        talker: Talker,
        wanted: str,
        *,
        code: str,
        before: int = 0,
        where: places.Finder = places.nowhere,
    ) -> None:
        """The exchange is asked, for this socket; `where` finds the line at fault when it is not.

        Others may ask for the same, or it did: then it has been asked more often than `before`.
        """

        def is_asked() -> bool:
            return self.gate.wait_tag(tag, LOOK_S) and self.times_asked(tag) > before

        self._wait(
            lambda: is_asked() or talker.is_told_instead() or talker.has_ended or trouble.stall(self.server) is not None
        )
        if is_asked():
            return
        trouble.judge(self.server, talker, wanted)
        if talker.instead is not None:
            talker.fail_as_told_instead(wanted)
        if before and tag in self.gate.held:
            saw = "it was not asked anew; the call of before still waits there"
            if code == "tick-missing":
                self.fail_as_living_on(wanted, saw, AFTER["tick"])
            fail(code, wanted=wanted, saw=saw, where=where(self.server), facts={"server": self.name})
        others = ", ".join(self.gate.held)
        saw = "it was not asked" + (f"; it is asked for {others} meanwhile" if others else "")
        fail(code, wanted=wanted, saw=saw, where=where(self.server), facts={"server": self.name})

    def wait_held(self, tag: str, count: int) -> bool:
        """Whether so many wait for this at the exchange, and no more, now or soon."""
        return self._wait(lambda: self.gate.wait_until(lambda: self.gate.held.count(tag) == count, LOOK_S))

    def expect_hung_up(self, tag: str, wanted: str, after: str) -> None:
        """Nobody waits for this at the exchange any more, nor asks again."""
        has_ended = self.wait_held(tag, 0)
        self.take_turns()
        self.gate.wait_settled()
        if not has_ended or tag in self.gate.held:
            self.fail_as_living_on(wanted, f"{after} the exchange was still asked for the next price: {tag}", after)

    def take_turns(self) -> None:
        """Return when the server's loop has seen to all that had come to it before: it has served somebody since.

        With the same ping each time: of what is asked over and over a picture shows the last.
        """
        self._witness = self._witness or self.enter(DESK, "zoe")
        id_ = "zoe"
        for _ in range(TURNS):
            self._witness.expect_answer({"op": "ping", "id": id_}, {"id": id_, "pong": True})

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Meanwhile the server stands still: what is done to it lies before it together, when it goes on."""
        process = psutil.Process(self.server.process.pid)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    def fail_as_living_on(self, wanted: str, saw: str, after: str) -> NoReturn:
        """The finding for a push that has not ended."""
        fail("push-lives-on", wanted=wanted, saw=saw, where=places.push(self.server, after), facts={"after": after})

    def release(self, tag: str, price: str) -> None:
        """The exchange tells this price."""
        self.gate.release(tag, body=price)

    def _wait(self, condition: Callable[[], bool]) -> bool:
        rest = Rest(self.server.process)
        return wait_until(condition, PATIENCE_S, unless_ended=rest, every_s=LOOK_EVERY_S)

    def _fail_as_not_let_in(self, path: str, socket: WebSocket | None, since: float) -> NoReturn:
        wanted = f"{self.name} lets a client in at {path}"
        trouble.judge_stall(self.server, wanted)
        trouble.judge_error(self.server, socket.id if socket else "", path, wanted, code="not-let-in", since=since)
        if socket is None:
            saw = "the handshake was neither accepted nor refused: nothing came, and the server rests"
        else:
            saw = f"the handshake was refused with status {socket.refused or 'none'}"
        trouble.judge_never_awaited(self.server, wanted, saw)
        where = places.line(self.server, r"self\.accept\(", r"def connect", r"class \w+")
        fail("not-let-in", wanted=wanted, saw=saw, where=where, facts={"path": path})
