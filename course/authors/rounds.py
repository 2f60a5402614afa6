"""Grades many cases side by side, and those again that came out unsteadily, while the others go on.

Knows no grader: how a case is graded, it is told. A right solution refused once is refused. A mistake that met another
verdict than its own is graded `TRIES_AGAIN` times more, before all that still waits, so that it finds the machine as
busy as it was: wrong once more, it is wrong; else it is unsteady.
"""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.authors.proving import Case, Proof

TRIES_AGAIN = 5

# Grades a case; the flag says that it is graded again.
Grade = Callable[["Case", bool], "Proof"]


@dataclass(slots=True)
class _Doubt:
    """A mistake that met another verdict than its own, and how often it has met its own since."""

    first: Proof
    times_right: int = 0


@dataclass(slots=True)
class Rounds:
    """The cases, by their place in the list: those that wait, those in doubt, those decided."""

    cases: Sequence[Case]
    grade: Grade
    _waiting: deque[int] = field(default_factory=deque)
    _doubts: dict[int, _Doubt] = field(default_factory=dict)
    _decided: dict[int, Proof] = field(default_factory=dict)
    _error: BaseException | None = None
    _is_over: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def proofs(self, jobs: int, stop: Callable[[], None]) -> Generator[Proof, None, None]:
        """Each case's proof, in the cases' order, as it comes; `jobs` gradings at a time.

        `stop` is called before the gradings that still run are waited for: when all are done, or one has raised.
        """
        self._waiting.extend(range(len(self.cases)))
        with ThreadPoolExecutor(jobs) as pool:
            for _ in range(jobs):
                pool.submit(self._work)
            try:
                for at in range(len(self.cases)):
                    yield self._proof(at)
            finally:
                self._end(None)
                stop()

    def _proof(self, at: int) -> Proof:
        with self._changed:
            self._changed.wait_for(lambda: at in self._decided or self._is_over)
            if self._error is not None:
                raise self._error
            return self._decided[at]

    def _work(self) -> None:
        while (at := self._next()) is not None:
            try:
                proof = self.grade(self.cases[at], at in self._doubts)
            except BaseException as error:  # noqa: BLE001  # raised again where the proofs are waited for
                self._end(error)
            else:
                self._note(at, proof)

    def _next(self) -> int | None:
        """The next case to grade, waited for while one that is being graded may have to be graded again."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over or len(self._decided) == len(self.cases))
            return None if self._is_over or not self._waiting else self._waiting.popleft()

    def _note(self, at: int, proof: Proof) -> None:
        with self._changed:
            doubt = self._doubts.get(at)
            if doubt is None:
                if proof.is_doubtful:
                    self._doubts[at] = _Doubt(proof)
                    self._waiting.extendleft([at] * TRIES_AGAIN)
                else:
                    self._decided[at] = proof
            elif at not in self._decided:
                self._note_again(at, doubt, proof)
            if doubt and proof.run:
                shutil.rmtree(proof.run.parent, ignore_errors=True)  # the first one's record is kept
            self._changed.notify_all()

    def _note_again(self, at: int, doubt: _Doubt, proof: Proof) -> None:
        doubt.times_right += proof.is_right
        if not proof.is_right:
            self._decided[at] = doubt.first
            self._waiting = deque(other for other in self._waiting if other != at)
        elif doubt.times_right == TRIES_AGAIN:
            self._decided[at] = replace(doubt.first, is_unsteady=True)

    def _end(self, error: BaseException | None) -> None:
        with self._changed:
            self._is_over = True
            self._error = self._error or error
            self._changed.notify_all()
