"""What the checks expect of a register: opened once, asked, and closed before anybody is answered."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.findings import fail
from checker.harness.waiting import wait_until
from checker.stage_5.asgiref_bridges import places, trouble
from checker.stage_5.asgiref_bridges.asking import Asker, Command, Visitor
from checker.stage_5.asgiref_bridges.calls import CLOSE, LOOK_UP, OPEN, Call
from checker.stage_5.asgiref_bridges.depot import LOOK_SOON_S, PATIENCE_S, Depot, Reply


def expect_open(depot: Depot, asker: Asker) -> None:
    """A register is opened."""
    depot.reply(depot.expect_call(asker, OPEN, f"{asker.name} opens a register"), "open")


def expect_closed(depot: Depot, asker: Asker, when: str) -> None:
    """The register is closed, and only then the asker answered."""
    wanted = f"{when} the register of {asker.name} is closed, and then the answer given"
    wait_until(
        lambda: depot.held(CLOSE, asker) or asker.is_done or trouble.stall(asker.server),
        PATIENCE_S,
        unless_ended=asker.ending(),
        every_s=LOOK_SOON_S,
    )
    if closing := depot.held(CLOSE, asker):
        depot.reply(closing[0], "closed")
        return
    trouble.judge_stall(asker.server, wanted)
    saw = "all is at rest, and it is open"
    if isinstance(asker, Visitor) and asker.is_done:
        answer = trouble.expect_any_answer(asker, wanted)
        trouble.judge_answer(asker, answer, wanted)
        saw = f"the answer was given, with status {answer.status}, and it is open"
    if isinstance(asker, Command) and asker.is_done:
        trouble.judge_ended(asker, wanted)
        saw = "the command had ended, and it is open"
    trouble.judge_unawaited(asker.server, wanted, saw)
    fail("left-open", wanted=wanted, saw=saw, where=places.register(depot.uvicorn.run))


class LookUp:
    """A call of `look_up`, by a visitor or by the command."""

    def __init__(self, depot: Depot, asker: Asker) -> None:
        self.depot = depot
        self.asker = asker
        self.addressees = depot.replies(asker.parcels, "street")

    def open(self) -> None:
        """Its register is opened."""
        expect_open(self.depot, self.asker)

    def expect_asked_at_once(self) -> list[Call]:
        """The register is asked for each of its parcels, before it has answered for one."""
        wanted = f"{self.asker.name} asks for all its {len(self.asker.parcels)} parcels at once, by one register"

        def otherwise(found: list[Call]) -> NoReturn:
            run = self.depot.uvicorn.run
            if self.depot.held(OPEN, self.asker):
                fail("register-for-each", wanted=wanted, saw="it opens one more", where=places.register(run))
            saw = f"{len(found)} at a time"
            trouble.judge_unawaited(self.asker.server, wanted, saw)
            fail("asked-in-turn", wanted=wanted, saw=saw, where=places.turns(run, "look_up", "look_up"))

        return self.depot.expect_calls(self.asker, LOOK_UP, len(self.asker.parcels), wanted, otherwise)

    def finish(self) -> None:
        """The register answers, is closed, and the asker has all of it."""
        for call in reversed(self.expect_asked_at_once()):
            self.depot.reply(call, self.addressees.get(call.about, "nobody"))
        expect_closed(self.depot, self.asker, "in the end")
        wanted = f"{self.asker.name} tells who gets each parcel"
        if isinstance(self.asker, Visitor):
            self.depot.expect_answer(self.asker, self.addressees, wanted)
            return
        code = self.asker.program.wait(trouble.COMMAND_WITHIN_S)
        told = self.asker.program.lines
        trouble.judge_ended(self.asker, wanted)
        if code != 0 or told != [f"{parcel}: {addressee}" for parcel, addressee in self.addressees.items()]:
            where = places.definition(self.depot.uvicorn.run, "look_up")
            fail("wrong-answer", wanted=f"{wanted}: {self.addressees}", saw=f"exit code {code}: {told}", where=where)

    def refuse(self, reason: str) -> None:
        """The register refuses one of its parcels, for this reason, answers for the others, and is closed."""
        first, *others = self.expect_asked_at_once()
        self.depot.reply(first, Reply(reason, 409))
        for call in others:
            self.depot.reply(call, self.addressees.get(call.about, "nobody"))
        expect_closed(self.depot, self.asker, "when a parcel is refused,")
        if isinstance(self.asker, Visitor):
            self.depot.expect_failure(self.asker, trouble.refused(reason), "from the register")
            return
        code = self.asker.program.wait(trouble.COMMAND_WITHIN_S)
        errors = self.asker.program.errors
        if code != 1 or f"CommandError: {reason}" not in errors:
            wanted = f"from the register Refused({reason!r}) reaches the command, which tells it and ends with 1"
            trouble.fail_as_command_changed(self.asker, wanted, code)
