"""A hand-over as its check plays it: step by step, each of which waits for the world outside."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.findings import fail
from checker.stage_5.asgiref_bridges import places
from checker.stage_5.asgiref_bridges.calls import HAND_OVER, OPEN, SIGN, Call
from checker.stage_5.asgiref_bridges.depot import Depot
from checker.stage_5.asgiref_bridges.registers import expect_closed, expect_open


class HandOver:
    """A visitor of /hand-over/."""

    def __init__(self, depot: Depot, count: int, name: str) -> None:
        self.depot = depot
        self.visitor = depot.visit("hand_over", count, name=name)
        self.signatures = depot.replies(self.visitor.parcels, "seal")
        self.receipt = depot.word("receipt")

    def open(self) -> None:
        """Its register is opened."""
        expect_open(self.depot, self.visitor)

    def expect_sign(self, parcel: str) -> Call:
        """The register is asked to sign this parcel."""
        wanted = f"{self.visitor.name} has {parcel} signed by the register that it has opened"

        def otherwise(_: list[Call]) -> NoReturn:
            run = self.depot.uvicorn.run
            if self.depot.held(OPEN, self.visitor):
                saw = "it opens one more"
                fail("register-for-each", wanted=wanted, saw=saw, where=places.register(run))
            if handed := self.depot.held(HAND_OVER, self.visitor):
                self._fail_as_unsigned(handed[0], wanted)
            if [call for call in self.depot.held_by_others(self.visitor) if call.what in (SIGN, HAND_OVER)]:
                saw = "it does not, while another hand-over is under way"
                fail("waits-behind", wanted=wanted, saw=saw, where=places.bridge(run, HAND_OVER))
            where = places.definition(run, "hand_over")
            fail("no-answer", wanted=wanted, saw="none, and all is at rest", where=where)

        call = self.depot.expect_calls(self.visitor, SIGN, 1, wanted, otherwise)[0]
        if call.about != parcel:
            where = places.line(self.depot.uvicorn.run, r"\bsign\b")
            fail("wrong-answer", wanted=wanted, saw=f"{call.about} is to be signed", where=where)
        return call

    def sign(self, parcel: str) -> None:
        """The parcel is signed, and other pages are served meanwhile."""
        call = self.expect_sign(parcel)
        self.depot.expect_ping("while a hand-over waits for a signature")
        self.depot.reply(call, self.signatures[parcel])

    def sign_all(self) -> None:
        """Each of its parcels is signed."""
        for parcel in self.visitor.parcels:
            self.sign(parcel)
        self.expect_handed_over()

    def expect_handed_over(self) -> Call:
        """The driver is given its parcels, each with its signature."""
        signed = ", ".join(f"{parcel}: {seal}" for parcel, seal in self.signatures.items())
        wanted = f"{self.visitor.name} hands over {signed}"
        call = self.depot.expect_call(self.visitor, HAND_OVER, wanted)
        if call.about != signed:
            self._fail_as_unsigned(call, wanted)
        return call

    def finish(self) -> None:
        """The driver gives the receipt, the register is closed, and the visitor answered."""
        self.depot.reply(self.expect_handed_over(), self.receipt)
        expect_closed(self.depot, self.visitor, "in the end")
        self.depot.expect_answer(self.visitor, {"receipt": self.receipt}, f"{self.visitor.name} tells the receipt")

    def _fail_as_unsigned(self, call: Call, wanted: str) -> NoReturn:
        run = self.depot.uvicorn.run
        code = "never-awaited" if "coroutine" in call.about else "wrong-answer"
        where = places.line(run, r"legacy\.hand_over\b|\bhand_over,", r"def hand_over\b")
        fail(code, wanted=wanted, saw=f"it hands over {call.about}", where=where)
