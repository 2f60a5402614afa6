"""One start of the learner's serve.py, and what is done to it, step after step, beside all the others.

Each step is a Future: a check takes its result, and with it the finding that the step met, if it met one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event as Flag
from typing import Any, NoReturn, TypeVar

import psutil

from checker.harness import diagnosis
from checker.harness.calibration import slowness
from checker.harness.deployment.told_errors import explained
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.http import Answer, Exchange
from checker.harness.idle import is_idle
from checker.harness.site import SelfBound
from checker.harness.tracebacks import first as first_traceback
from checker.harness.waiting import wait_until
from checker.stage_3.asgi_servers import places
from checker.stage_3.asgi_servers.living import Lasting, is_open, lives, tidies

# Only failing solutions wait these out.
BOOT_S = 30.0
PROMPT_S = 8.0
LOOK_EVERY_S = 0.04
TRACEBACK = "Traceback (most recent call last)"
ENOUGH_DEATHS = 3
SHOWN_ERROR = 160
SURE_S = 1.5
BUSY = 503
AT_ONCE = 4  # so many ask together: one alone may meet the same worker again and again
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Held:
    """A request that is open: the Gate holds its call, which tells in which process it is."""

    exchange: Exchange
    tag: str
    pid: int


class Trial:
    """A running serve.py; `name` is what findings call it."""

    def __init__(self, site: SelfBound, gate: Gate, name: str, workers: int = 1) -> None:
        self.site = site
        self.gate = gate
        self.name = name
        self.leaving: frozenset[int] = frozenset()  # old workers, who may still take a visitor
        self._workers = workers
        self._over = Flag()
        self._hand = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.booted: Future[dict[str, Any]] = self.then(self._boot)

    def then(self, step: Callable[[], _T]) -> Future[_T]:
        """Do this when all before it is done. What was not begun when the checks are over is left."""
        return self._hand.submit(step)

    def close(self) -> None:
        """The checks are over: whatever waits gives up."""
        self._over.set()
        self._hand.shutdown(wait=False, cancel_futures=True)

    def wait(self, condition: Callable[[], Any], deadline_s: float = PROMPT_S) -> Any:
        """As `wait_until`, also over with the checks. On a busy machine it has longer than `deadline_s`."""
        found = wait_until(lambda: condition() or self._over.is_set(), deadline_s, every_s=LOOK_EVERY_S)
        if not found:
            more_s = deadline_s * (slowness() - 1)
            found = wait_until(lambda: condition() or self._over.is_set(), more_s, every_s=LOOK_EVERY_S)
        return found

    # --- pages ---

    def _boot(self) -> dict[str, Any]:
        self.wait(lambda: is_open(self.site.port) or self.has_ended or self._begins_over(), BOOT_S)
        first = self.site.send("/", label="first request", deadline_s=2 * BOOT_S)
        self.wait(lambda: first.is_done or self.has_ended or self._begins_over(), BOOT_S)
        answer = first.wait_answer(LOOK_EVERY_S)
        if answer is None and self._begins_over():
            self._fail_as_begun_over()
        if answer is None:
            silent = diagnosis.did_not_answer(self.site, first, BOOT_S)
            raise explained(silent, self.site.process.log.text, self.site.run)
        return self.page(answer)

    def _begins_over(self) -> bool:
        """Whether a master starts workers that die at once, one after the other: nobody will ever answer."""
        return self.site.process.log.text.count(TRACEBACK) >= ENOUGH_DEATHS

    def _fail_as_begun_over(self) -> NoReturn:
        run = self.site.run
        told = first_traceback(self.site.process.log.text, run.project, run.given)
        why = " ".join(told.error.split())[:SHOWN_ERROR] if told else "each of its workers met an error"
        saw = f"a worker dies as soon as it has begun, again and again: {why}"
        where = (told and told.where) or places.line(run, r"^main\(\)")
        fail("workers-die", wanted=f"{self.name} answers", saw=saw, where=where)

    def page(self, answer: Answer) -> dict[str, Any]:
        """What the app says on its first page."""
        told = answer.json()
        if answer.status == 400 and "HTTP/2" in answer.text:
            saw = f"a client of HTTP/1.1 gets status 400: {answer.text[:80]!r}"
            where = places.line(self.site.run, r"prior.knowledge", r"http2")
            wanted = f"{self.name} answers HTTP/1.1 as well"
            fail("http2-off", wanted=wanted, saw=saw, where=where, facts={"server": self.name})
        if answer.status != 200 or not isinstance(told, dict) or "pid" not in told:
            saw = f"status {answer.status}: {answer.text[:80]!r}"
            wanted = f"{self.name} answers / by the app's own page"
            fail("another-app", wanted=wanted, saw=saw, where=places.app(self.site.run))
        return told

    def ask(self, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The first page, asked for now. Where there is a limit, visitors of a moment ago may still be counted."""

        def asked() -> Answer | None:
            visitor = self.site.send("/", headers=headers, label=f"visitor of {self.name}")
            answer = visitor.wait_answer(PROMPT_S)
            return answer if answer is not None and answer.status != BUSY else None

        answer = self.wait(asked)
        if not isinstance(answer, Answer):
            raise explained(self._silent(), self.site.process.log.text, self.site.run)
        return self.page(answer)

    def answering(self) -> set[int]:
        """The processes that answer some visitors who come together."""
        visitors = [self.site.send("/", label=f"visitor of {self.name}") for _ in range(AT_ONCE)]
        self.wait(lambda: all(v.is_done for v in visitors))
        answers = [v.wait_answer(0) for v in visitors]
        return {self.page(answer)["pid"] for answer in answers if answer is not None}

    def wait_workers(self) -> set[int]:
        """As many processes as there should be workers, each of which has answered now; or as many as did."""
        pids: set[int] = set()
        lonely = Lasting(lambda: len(self.family()) < self._workers, SURE_S)

        def all_seen() -> bool:
            pids.update(self.answering())
            return len(pids) >= self._workers or self.has_ended or lonely.is_so()

        self.wait(all_seen)
        return pids

    # --- open requests and processes ---

    def hold(self, word: str) -> Held:
        """A request that is open until its tag is let go, among workers of whom each is up."""
        self.wait(lambda: not any(lives(pid) for pid in self.leaving))
        self.wait_workers()
        exchange = self.site.send(f"/hold/{self.site.name}.{word}", label=f"{self.name}: open at {word}")
        begins = f"{self.site.name}.{word}-"
        tag = self.wait(lambda: exchange.is_done or next((t for t in self.gate.held if t.startswith(begins)), ""))
        if not isinstance(tag, str):
            answer = exchange.wait_answer(0)
            if answer is not None and answer.status < 500:
                saw = f"status {answer.status}: {answer.text[:80]!r}"
                wanted = f"{self.name} answers /hold/ by the app's own page"
                fail("another-app", wanted=wanted, saw=saw, where=places.app(self.site.run))
            raise self._silent()
        return Held(exchange, tag, int(tag.rpartition("-")[2]))

    @property
    def has_ended(self) -> bool:
        """Whether the process that was started has."""
        return self.site.process.returncode is not None

    def family(self) -> frozenset[int]:
        """The living processes that serve.py has started, by pid; not the one by which Python tidies up after them."""
        return frozenset(child.pid for child in self.site.process.children if lives(child.pid) and not tidies(child))

    def server_of(self, held: Held) -> int:
        """The pid of the server itself: of the parent of its workers, where it has some. It may be serve.py's own."""
        with suppress(psutil.Error):
            return held.pid if self._workers == 1 else psutil.Process(held.pid).ppid()
        return self.site.pid

    def rests(self, held: Held) -> bool:
        """Whether nobody is about to end the open request: its process sleeps, and so do all those around it."""
        return all(is_idle(pid) for pid in (self.site.pid, held.pid, *self.family()))

    def _silent(self) -> NotYet:
        exchange = self.site.send("/", label="asked once more")
        exchange.wait_answer(1.0)
        return diagnosis.no_answer(self.site, exchange, PROMPT_S)
