"""What the checks of batches expect: a sign-in, four fetches at once, no more, and none for who has gone."""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

from checker.harness.findings import fail
from checker.stage_5.asgiref_bridges import calls, places
from checker.stage_5.asgiref_bridges.asking import Visitor
from checker.stage_5.asgiref_bridges.calls import FETCH, SIGN_IN, Call
from checker.stage_5.asgiref_bridges.depot import Depot

PLACES = 4


class Batch:
    """A visitor of /locate/, with the session that its sign-in was given."""

    def __init__(self, depot: Depot, count: int, name: str = "") -> None:
        self.depot = depot
        self.visitor: Visitor = depot.visit("locate", count, name=name)
        self.places = depot.replies(self.visitor.parcels, "shelf")
        self.session = ""

    @property
    def held(self) -> list[Call]:
        """Its fetches that wait now."""
        return self.depot.held(FETCH, self.visitor)

    def expect_sign_in(self) -> Call:
        """Its sign-in waits."""
        wanted = f"{self.visitor.name} signs in"

        def otherwise(_: list[Call]) -> NoReturn:
            saw = "it does not, and all is at rest"
            others = [call for call in self.depot.held_by_others(self.visitor) if call.what in (FETCH, SIGN_IN)]
            if others:
                saw = f"it does not, while others have {count_of_each(others)} under way"
                fail("waits-behind", wanted=wanted, saw=saw, where=places.bridge(self.depot.uvicorn.run, SIGN_IN))
            if fetches := self.held:
                saw = f"it fetches without, by the session {fetches[0].session!r}"
            self.fail_as_no_session_of_its_own(saw)

        return self.depot.expect_calls(self.visitor, SIGN_IN, 1, wanted, otherwise)[0]

    def sign_in(self) -> None:
        """Its sign-in is answered, with a session drawn."""
        sign_in = self.expect_sign_in()
        self.session = self.depot.word("session")
        self.depot.reply(sign_in, self.session)

    def expect_fetches(self, count: int, wanted: str = "") -> list[Call]:
        """So many of its fetches wait, each with its session."""
        wanted = wanted or f"{self.visitor.name} has {count} fetches under way at once"

        def otherwise(found: list[Call]) -> NoReturn:
            if self.depot.held(SIGN_IN, self.visitor):
                self.fail_as_no_session_of_its_own("it signs in once more")
            self._fail_as_few(found, wanted)

        found = self.depot.expect_calls(self.visitor, FETCH, count, wanted, otherwise)
        if stranger := next((call for call in found if call.session != self.session), None):
            saw = f"the fetch of {stranger.about} has the session {stranger.session!r}"
            self.fail_as_no_session_of_its_own(saw)
        self.depot.has_filled_all_places |= len(found) >= PLACES
        return found

    def serve(self) -> None:
        """All its fetches are answered, the last one first."""
        self.depot.serve(self.visitor, replies=self.reply)

    def reply(self, call: Call) -> str:
        """What the world outside tells of a parcel."""
        if call.what == SIGN_IN:
            self.fail_as_no_session_of_its_own("it signs in once more")
        return self.places.get(call.about, "nowhere")

    def expect_found(self) -> None:
        """It is answered, with each of its places."""
        self.depot.expect_answer(self.visitor, self.places, f"{self.visitor.name} tells each place")

    def fail_as_no_session_of_its_own(self, saw: str) -> NoReturn:
        """The finding for a batch that has another session than the one of its one sign-in, or more than one."""
        wanted = f"{self.visitor.name} signs in once, and each of its fetches has that session"
        where = places.bridge(self.depot.uvicorn.run, SIGN_IN)
        fail("one-session", wanted=wanted, saw=saw, where=where)

    def _fail_as_few(self, found: list[Call], wanted: str) -> NoReturn:
        run = self.depot.uvicorn.run
        others = [call for call in self.depot.held(FETCH) if call not in found]
        if others or self.depot.has_filled_all_places:
            saw = f"{len(found)} of its own, {len(others)} of others; {PLACES} were under way before"
            fail("place-lost", wanted=wanted, saw=saw, where=places.limit(run))
        if not found:
            fail("no-answer", wanted=wanted, saw="none, and all is at rest", where=places.definition(run, "locate"))
        threads = ", ".join(sorted({call.thread for call in found}))
        saw = f"{len(found)} at a time, in {threads}: the next one waits until that is done"
        fail("few-at-once", wanted=wanted, saw=saw, where=places.turns(run, "locate", FETCH))


def count_of_each(found: list[Call]) -> str:
    """As in "4 fetch, 1 sign-in"."""
    return ", ".join(f"{count} {what}" for what, count in Counter(call.what for call in found).items())


def expect_limit(depot: Depot, wanted: str, code: str = "too-many") -> None:
    """No more than four fetches were ever under way together since the check began."""
    depot.settle()
    most = calls.most_at_once(depot.uvicorn.run.history, FETCH, depot.since)
    if most > PLACES:
        held = depot.held(FETCH)
        requests = len({call.request for call in held})
        saw = f"{most} together"
        if requests > 1:
            saw += f", of {requests} requests"
        fail(code, wanted=wanted, saw=saw, where=places.limit(depot.uvicorn.run))
