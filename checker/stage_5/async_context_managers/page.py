"""One page under way, and the sensors that it is to lease: what the hub lets it have, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection

from checker.harness.events import EventKind
from checker.harness.http import Answer
from checker.stage_5.async_context_managers.leases import State, split, states
from checker.stage_5.async_context_managers.plant import REFUSED, Plant

A_MOMENT_S = 0.03


class Page:
    """A visitor of /read/ who wants so many sensors, which nobody else has."""

    def __init__(self, plant: Plant, count: int, *, deadline_s: float | None = None, label: str = "") -> None:
        self.plant = plant
        self.names = plant.sensors(count)
        self._drawn = plant.history.now()  # nobody can have asked for its sensors before
        self.label = label or f"{count} sensor{'s' * (count > 1)}"
        query = "" if deadline_s is None else f"?deadline={deadline_s:g}"
        self.visitor = plant.server.send(f"/read/{','.join(self.names)}/{query}", label=self.label)

    # --- how it stands ---

    @property
    def is_done(self) -> bool:
        """Whether its visitor has been answered, or has left."""
        return self.visitor.is_done

    @property
    def is_over(self) -> bool:
        """Whether it is done, and has nothing at the hub any more."""
        return self.is_done and not self.held("lease", "read") and set(self.states.values()) <= {State.FREE}

    @property
    def is_ending(self) -> bool:
        """Whether it is done, or gives a sensor back."""
        return self.is_done or bool(self.held("release"))

    @property
    def has_left_app(self) -> bool:
        """Whether the application's call for it has ended."""
        return any(e["request"] == self.visitor.id for e in self.plant.server.seen(EventKind.APP_LEFT))

    @property
    def answer(self) -> Answer | None:
        """What its visitor has got by now."""
        return self.visitor.wait_answer(0)

    @property
    def ending(self) -> str:
        """How it ended for its visitor, in words."""
        answer = self.answer
        return f"the page answered {answer.status}" if answer else "its visitor left" if self.is_done else "no answer"

    @property
    def states(self) -> dict[str, State]:
        """How each of its sensors stands."""
        return states(self.plant.history, self.names, self._drawn)

    def those(self, *wanted: State) -> list[str]:
        """Its sensors that stand so."""
        return [name for name, state in self.states.items() if state in wanted]

    def held(self, *words: str) -> list[str]:
        """The calls of these words for its sensors that the hub holds now."""
        return self.plant.held(words, self.names)

    def moment(self, kind: EventKind) -> float:
        """When this happened to its visitor's request; now, where it has not."""
        events = self.plant.history.events(kind)
        return next((e.t for e in events if e["request"] == self.visitor.id), self.plant.history.now())

    # --- what the hub does ---

    def let_go(self, words: Collection[str], until: Callable[[], bool] | None = None) -> bool:
        """Have the hub agree to these calls as they come, until this is true, or else the page is done."""
        return self.plant.let_go(words, self.names, until or (lambda: self.is_done))

    def let_lease(self, count: int) -> None:
        """So many are leased, and the server knows, and has asked for whatever comes next."""
        self.let_go(("lease",), lambda: self.is_done or len(self.those(State.LEASED)) >= count)
        self.plant.settle(self.visitor)

    def let_read(self) -> None:
        """All are leased and read; the first release is under way."""
        self.let_go(("lease", "read"), lambda: self.is_ending)
        self.plant.settle(self.visitor)
        self.visitor.wait_answer(A_MOMENT_S)

    def fail_one(self, word: str, *, is_reset: bool) -> None:
        """The first call of this word that is held, or else the next one, fails."""
        self.plant.wait(lambda: self.is_done or bool(self.held(word)))
        for tag in self.held(word)[:1]:
            if is_reset:
                self.plant.hub.break_off(tag)
            else:
                self.plant.hub.release(tag, status=REFUSED, body=f"{split(tag)[1]} is out of order")

    def leave(self) -> None:
        """Its visitor hangs up."""
        self.visitor.hang_up()


def wait_done(plant: Plant, *pages: Page) -> None:
    """The hub agrees to all; return when these are done, or will never be."""
    with plant.flowing():
        plant.wait(lambda: all(page.is_done for page in pages))
