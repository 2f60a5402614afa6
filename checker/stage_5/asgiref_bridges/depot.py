"""The depot with its servers, and the world outside, which the check plays: each call waits until it is let go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_letters, digits
from typing import NoReturn

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Answer
from checker.harness.idle import is_idle
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.stage_5.asgiref_bridges import calls, places, trouble
from checker.stage_5.asgiref_bridges.asking import Asker, Command, Visitor
from checker.stage_5.asgiref_bridges.calls import Call
from checker.stage_5.asgiref_bridges.trouble import Failure

# Only failing solutions wait so long, and no longer than until the server has rested for a while.
PATIENCE_S = 10.0
LOOK_S = 0.02
LOOK_SOON_S = 0.002

BROKEN_OFF = 0
Fail = Callable[[list[Call]], NoReturn]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the world outside says to a call: with this status, or BROKEN_OFF."""

    text: str
    status: int = 200


class Depot:
    """The learner's project under both servers. `gate` is the world outside of both, and of the command."""

    def __init__(self, uvicorn: Server, gunicorn: Server, gate: Gate, program: starters.Program) -> None:
        self.uvicorn = uvicorn
        self.gunicorn = gunicorn
        self.gate = gate
        self.since = 0.0
        self.has_filled_all_places = False
        self._program = program
        self._random = Random(0)  # noqa: S311 - data for checks, no secrets
        self._askers: list[Asker] = []

    def begin(self, random: Random) -> None:
        """A check begins, which draws its data from this."""
        self._random = random
        self.gate.reset()
        self.since = History.now()

    def end(self) -> None:
        """The check is over: its visitors go, and nobody waits any more."""
        for asker in self._askers:
            if isinstance(asker, Visitor) and not asker.is_done:
                asker.exchange.hang_up()
        self._askers.clear()
        self.gate.open()

    # --- what is drawn ---

    def word(self, about: str) -> str:
        """A text that nobody has met: a session, a place, a reason. Its blank and its foreign letter must stay."""
        return f"{about} {''.join(self._random.choices(ascii_letters, k=6))} é"

    def parcels(self, count: int) -> list[str]:
        """So many parcels."""
        return [f"{''.join(self._random.choices(ascii_letters, k=4))}/{i}&{self._digits(4)}" for i in range(count)]

    def replies(self, parcels: Sequence[str], about: str) -> dict[str, str]:
        """A text drawn for each of them."""
        return {parcel: self.word(about) for parcel in parcels}

    # --- who asks ---

    def visit(self, function: str, count: int = 1, *, name: str = "", server: Server | None = None) -> Visitor:
        """A request of the page that asks this function, about so many parcels; under uvicorn unless one is named."""
        id_ = f"id-{self._digits(8)}"
        page = f"/{function.replace('_', '-')}/"
        visitor = Visitor(server or self.uvicorn, function, self.parcels(count), id_, name or page)
        self._askers.append(visitor)
        return visitor

    def command(self, count: int) -> Command:
        """`manage.py look_up`, on so many parcels."""
        command = Command(self._program, self.parcels(count), self.gate.url, self.uvicorn.run)
        self._askers.append(command)
        return command

    def name_of(self, request: str) -> str:
        """Who asks by this id."""
        return next((asker.name for asker in self._askers if asker.id == request), request)

    # --- the world outside ---

    def held(self, what: str, asker: Asker | None = None) -> list[Call]:
        """The calls of this kind that wait now: for this asker, or for any."""
        found = [call for call in map(calls.read, self.gate.held) if call.what == what]
        return found if asker is None else [call for call in found if call.request == asker.id]

    def held_by_others(self, asker: Asker) -> list[Call]:
        """The calls that wait now, but for this asker's own."""
        return [call for call in map(calls.read, self.gate.held) if call.request != asker.id]

    def reply(self, call: Call, reply: Reply | str) -> None:
        """Let this call go."""
        if isinstance(reply, str):
            reply = Reply(reply)
        if reply.status == BROKEN_OFF:
            self.gate.break_off(call.tag)
        else:
            self.gate.release(call.tag, status=reply.status, body=reply.text)

    def expect_calls(self, asker: Asker, what: str, count: int, wanted: str, otherwise: Fail) -> list[Call]:
        """So many calls of this kind wait for this asker, or more. `otherwise` fails with those that do."""

        def have_come() -> bool:
            return self.gate.wait_until(lambda: len(self.held(what, asker)) >= count, LOOK_S)

        def is_over() -> bool:
            for closing in self.held(calls.CLOSE, asker):
                self.reply(closing, "closed")  # too early: why, its answer will tell
            return have_come() or asker.is_done or bool(self._strays(asker, what)) or self._is_stalled(asker)

        wait_until(is_over, PATIENCE_S, unless_ended=asker.ending(), every_s=LOOK_SOON_S)
        if len(found := self.held(what, asker)) >= count:
            return found
        if strays := self._strays(asker, what):
            self._fail_as_lost(asker, strays[0])
        trouble.judge(asker, wanted)
        return otherwise(found)

    def expect_call(self, asker: Asker, what: str, wanted: str = "") -> Call:
        """One call of this kind waits for this asker."""
        wanted = wanted or f"{asker.name} makes the call {what}"

        def otherwise(_: list[Call]) -> NoReturn:
            others = [call.what for call in map(calls.read, self.gate.held) if call.request == asker.id]
            saw = f"none; it makes the call {', '.join(sorted(set(others)))}" if others else "none, and all is at rest"
            trouble.judge_unawaited(asker.server, wanted, saw)
            run = self.uvicorn.run
            where = places.definition(run, asker.function)
            fail("no-answer", wanted=wanted, saw=saw, where=where)

        return self.expect_calls(asker, what, 1, wanted, otherwise)[0]

    def serve(self, *askers: Asker, replies: Callable[[Call], Reply | str]) -> None:
        """Answer each call of these, the last one first, until they make no more: they are done, or held up."""
        ids = {asker.id for asker in askers}

        def is_over() -> bool:
            for asker in askers:
                self._expect_known(asker)
            if mine := [call for call in map(calls.read, self.gate.held) if call.request in ids]:
                self.reply(mine[-1], replies(mine[-1]))
                return False
            return all(asker.is_done for asker in askers) or self._is_stalled(askers[0])

        wait_until(is_over, PATIENCE_S, unless_ended=askers[0].ending(), every_s=LOOK_SOON_S)

    def settle(self) -> None:
        """Return when all that uvicorn does by itself is done, and each of its calls is counted."""
        self.gate.wait_settled()
        wait_until(lambda: is_idle(self.uvicorn.process.pid), PATIENCE_S, every_s=LOOK_SOON_S)
        self.gate.wait_settled()

    # --- what is answered ---

    def expect_ping(self, meanwhile: str) -> None:
        """Another page is answered now."""
        wanted = f"/ping/ is answered {meanwhile}"
        exchange = self.uvicorn.send("/ping/", label="ping")

        def is_over() -> bool:
            return exchange.wait_answer(LOOK_S) is not None or trouble.stall(self.uvicorn) is not None

        wait_until(is_over, PATIENCE_S, every_s=LOOK_SOON_S)
        if not exchange.is_done:
            trouble.judge_stall(self.uvicorn, wanted)
        self.uvicorn.expect_answer(exchange)

    def expect_any_answer(self, visitor: Visitor, wanted: str) -> Answer:
        """The visitor is answered, whatever it is told."""
        wait_until(
            lambda: visitor.is_done or self._is_stalled(visitor),
            PATIENCE_S,
            unless_ended=visitor.ending(),
            every_s=LOOK_SOON_S,
        )
        if not visitor.is_done:
            trouble.judge_stall(visitor.server, wanted)
            mine = [call for call in map(calls.read, self.gate.held) if call.request == visitor.id]
            saw = "no answer, and the server rests"
            if mine:
                saw += f"; it waits for {', '.join(f'{call.what} {call.about}'.strip() for call in mine)}"
            where = places.definition(self.uvicorn.run, visitor.function)
            fail("no-answer", wanted=wanted, saw=saw, where=where)
        return trouble.expect_any_answer(visitor, wanted)

    def expect_answer(self, visitor: Visitor, answer: object, wanted: str) -> None:
        """The visitor is answered with this JSON."""
        came = self.expect_any_answer(visitor, wanted)
        trouble.judge_answer(visitor, came, wanted)
        if came.status != 200 or came.json() != answer:
            where = places.definition(self.uvicorn.run, visitor.function)
            saw = f"status {came.status}: {came.text[:200]}"
            trouble.judge_unawaited(visitor.server, wanted, saw)
            fail("wrong-answer", wanted=f"{wanted}: {answer}", saw=saw, where=where)

    def expect_failure(self, visitor: Visitor, failure: Failure, when: str) -> None:
        """The visitor's page has met this error."""
        wanted = f"{when} {failure.error}({failure.text!r}) reaches the page, which answers {failure.status}"
        trouble.expect_failure_told(visitor, self.expect_any_answer(visitor, wanted), failure, wanted)

    # --- what went astray ---

    def _digits(self, count: int) -> str:
        return "".join(self._random.choices(digits, k=count))

    def _is_stalled(self, asker: Asker) -> bool:
        return trouble.stall(asker.server) is not None

    def _strays(self, asker: Asker, what: str) -> list[Call]:
        """Calls that must be this asker's, but carry another id: they are about its parcels, or carry nobody's."""
        others = [call for call in self.held(what) if call.request != asker.id]
        known = {one.id for one in self._askers}
        return [
            call
            for call in others
            if (any(parcel in call.about for parcel in asker.parcels) if call.about else call.request not in known)
        ]

    def _expect_known(self, asker: Asker) -> None:
        for what in {call.what for call in map(calls.read, self.gate.held)}:
            if strays := self._strays(asker, what):
                self._fail_as_lost(asker, strays[0])

    def _fail_as_lost(self, asker: Asker, call: Call) -> NoReturn:
        wanted = f"each call that is made for {asker.name} carries the id of its request, {asker.id}"
        saw = f"{call.what} {call.about}".strip() + f" carries {call.request!r}; it was made in thread {call.thread}"
        fail("request-id-lost", wanted=wanted, saw=saw, where=places.bridge(self.uvicorn.run, call.what))
