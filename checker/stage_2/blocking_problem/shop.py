"""The shop of the blocking problem as its checks meet it: reports sent into the database, and what keeps one out of it.

Gives the findings that several checks share; what is promised stands in the check files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from statistics import median

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import Workers
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange
from checker.harness.run import Run
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.stage_2.blocking_problem.places import CONF, Places

# Only failing solutions wait these out. SURE: by the configuration nobody is free. INSIDE: the request is in the
# learner's code, where refusing it or asking the database takes milliseconds. GENEROUS: a worker may still be booting.
SURE_S = 2.0
INSIDE_S = 5.0
GENEROUS_S = 20.0
STEP_S = 0.1
# A refusal has no more to do than the fast page has. Waiting "only a moment" first takes hundreds of times as long.
AT_ONCE_RATIO = 10
# Of two times that are both next to nothing a ratio says nothing: who waits on purpose waits this long and longer.
ON_PURPOSE_S = 0.05
REFUSALS = (429, 503)
GROWN = ("limit-grows", "given-back-twice")
LEAK_ROUNDS = 3
SLOTS = 5  # reports in the database at the same time, in the whole site

Reports = Mapping[str, Exchange]


class Shop:
    """The learner's shop under gunicorn, with the Gate for its database."""

    def __init__(self, server: Site, workers: Workers, gate: Gate, run: Run) -> None:
        self.server = server
        self.workers = workers
        self.gate = gate
        self._history = run.history
        self.places = Places(run.project)
        gate.plays("in the database")

    # --- traffic ---

    def expect_running_reports(
        self, count: int, *, first: int = 1, refused_code: str = "refused-too-early", after: str = ""
    ) -> Reports:
        """`count` reports, all in the database now. Whatever keeps one out of it ends the check with a finding.

        They are numbered from `first`, so that no two reports of one check have the same number.
        """
        numbers = range(first, first + count)
        reports = {str(n): self.server.send(f"/report/{n}/", label=f"report {n}") for n in numbers}
        end = self._now() + (SURE_S if self.workers.cannot_run(count) else GENEROUS_S)
        are_inside = False
        while not self.gate.wait_held(count, STEP_S):
            if any(report.is_done for report in reports.values()):
                self._judge_early_answer(reports, refused_code, after)
            if not are_inside and all(self.workers.wait_pid_of(report) for report in reports.values()):
                are_inside, end = True, min(end, self._now() + INSIDE_S)
            if self._now() > end:
                self._judge_missing(reports)
                break
        return reports

    def expect_hello(self, reports: Reports) -> None:
        """Ask for the fast page while these reports are in the database."""
        wanted = f"/hello/ is answered while {_count(reports)} in the database"
        hello = self.server.send("/hello/", label="hello")
        answer = hello.wait_answer(SURE_S if self.workers.cannot_run(len(reports) + 1) else GENEROUS_S)
        if answer is None and not hello.is_done and not self.workers.wait_pid_of(hello):
            was_crowded = self.workers.are_crowded
            self.workers.go_on()
            answer = hello.wait_answer(SURE_S) if was_crowded else None
            if answer is None:
                self._judge_queued(list(reports.values()), [hello], wanted, was_crowded)
        if answer is not None and answer.status in REFUSALS:
            saw = f"/hello/ was refused with status {answer.status}"
            fail("fast-page-refused", wanted=wanted, saw=saw, where=self.places.limit)
        self.server.expect_answer(hello, 0.0 if hello.is_done else INSIDE_S)

    def expect_refusal(self, tag: str, reports: Reports, *, held_code: str, saw_held: str = "") -> Answer:
        """Send one report more than may run: the answer that refuses it, whatever its headers.

        When it is let in, the finding has `held_code`, and `saw_held` before what was seen.
        """
        wanted = f"report {tag} is refused with status 503 at once, while {_count(reports)} in the database"
        report = self.server.send(f"/report/{tag}/", label=f"report {tag}")
        end = self._now() + GENEROUS_S
        is_inside = was_patient = False
        while report.wait_answer(STEP_S) is None and not report.is_done:
            if self._now() >= end:
                if is_inside or was_patient:
                    break
                was_patient, end = True, self._now() + GENEROUS_S * (slowness() - 1)  # a busy machine has longer
            if tag in self.gate.held:
                self._judge_one_too_many(report, reports, wanted, held_code, saw_held)
            if not is_inside and self.workers.wait_pid_of(report):
                is_inside, end = True, min(end, self._now() + INSIDE_S)
        if not report.is_done:
            self._judge_waiting(tag, reports, wanted, "in your code" if is_inside else "for a worker")
        answer = report.wait_answer(0)
        if answer is None or (answer.status >= 500 and answer.status != 503):
            answer = self.server.expect_answer(report)
        if answer.status != 503:
            saw = f"report {tag} was answered with status {answer.status}: {answer.text[:80]!r}"
            place = self.places.answers(answer.status)
            fail("wrong-refusal", wanted=wanted, saw=saw, where=place, facts={"status": answer.status})
        return answer

    def expect_refused_at_once(self, refusals: Collection[Answer]) -> None:
        """The quickest of these refusals took about as long in the learner's code as the fast page does."""
        hellos = [event["request"] for event in self.server.seen(EventKind.APP_ENTERED) if event["path"] == "/hello/"]
        hello_s = median(self._inside_s(request) for request in hellos)
        refusal_s = min(self._inside_s(refusal.request) for refusal in refusals)
        if refusal_s >= ON_PURPOSE_S and refusal_s > AT_ONCE_RATIO * hello_s:
            fail(
                "waits-for-a-slot",
                wanted="a refusal at once, which takes about as long as the fast page does",
                saw=f"each refusal stayed {refusal_s * 1000:.0f} ms or more in your code, and kept a slot busy there; "
                f"/hello/ took {hello_s * 1000:.0f} ms",
                where=self.places.takes,
            )

    def expect_reports(self, reports: Reports) -> None:
        """Let the database answer: each report must say what the database said."""
        for tag, report in reports.items():
            self.gate.release(tag)
            answer = self.server.expect_answer(report)
            if answer.status != 200 or answer.json() != {"report": tag}:
                wanted = f'report {tag} is answered 200 {{"report": "{tag}"}}, with what the database said'
                saw = f"status {answer.status}: {answer.text[:120]!r}"
                fail("not-the-report", wanted=wanted, saw=saw, where=self.places.query)
        self.settle(reports)

    def settle(self, reports: Reports) -> None:
        """Wait until the server is through with these requests: a slot may come back after the last byte."""
        for report in reports.values():
            self._history.wait_for(EventKind.APP_LEFT, partial(_is_of, report.id), deadline_s=GENEROUS_S)

    # --- judging ---

    def _judge_early_answer(self, reports: Reports, refused_code: str, after: str) -> None:
        tag, report = next((tag, report) for tag, report in reports.items() if report.is_done)
        answer = report.wait_answer(0)
        if answer is not None and answer.status in REFUSALS:
            self.gate.wait_held(len(reports) - 1, SURE_S)
            running = len(self.gate.held)
            ran = f"only {running} report{'s were' if running > 1 else ' was'}" if running else "no report was"
            wanted = f"{_count(reports)} in the database{_together(reports)}{after}"
            saw = f"report {tag} was refused with status {answer.status} while {ran} in the database"
            if refused_code == "refused-too-early":
                self._judge_leak(reports, wanted, saw)
            is_low = refused_code == "refused-too-early"
            fail(refused_code, wanted=wanted, saw=saw, where=self.places.limit if is_low else self.places.takes)
        answer = self.server.expect_answer(report)
        wanted = f"report {tag} asks the database, and is answered with what it said"
        saw = f"status {answer.status} without asking the database: {answer.text[:120]!r}"
        fail("not-the-report", wanted=wanted, saw=saw, where=self.places.query)

    def _judge_leak(self, reports: Reports, wanted: str, saw: str) -> None:
        """Whether slots get lost: who sends the same reports again finds fewer, where a low limit lets in as many."""
        counts = [len(self.gate.held)]
        self.gate.release()
        self.settle(reports)
        for again in range(1, LEAK_ROUNDS + 1):
            more = {tag: self.server.send(f"/report/{tag}/", label=f"report {tag}, again {again}") for tag in reports}
            wait_until(partial(self._are_met, more), GENEROUS_S)
            counts.append(len(self.gate.held))
            self.gate.release()
            self.settle(more)
            if counts[-1] == 0:
                break
        if counts[-1] < counts[0] and counts == sorted(counts, reverse=True):
            lost = f"the same {len(reports)} sent again, when nothing ran: {', '.join(map(str, counts[1:]))} ran"
            fail("slot-lost", wanted=wanted, saw=f"{saw}; {lost}", where=self.places.takes)

    def _are_met(self, reports: Reports) -> bool:
        """Whether each of these is in the database or has been answered."""
        return all(tag in self.gate.held or report.is_done for tag, report in reports.items())

    def _judge_one_too_many(
        self, report: Exchange, reports: Reports, wanted: str, held_code: str, saw_held: str
    ) -> None:
        together = [*reports.values(), report]
        pids = {self.workers.wait_pid_of(each) for each in together}
        processes = f"{len(pids)} processes" if len(pids) > 1 else "one process"
        saw = f"{saw_held}six reports were in the database, in {processes}"
        # A project that does refuse has a limit. In several processes each may count for itself.
        if held_code == "limit-not-met" and self.places.refuses is None:
            held_code = "no-limit"
        elif held_code == "limit-not-met" and len(pids) > 1 and not self.places.is_shared:
            held_code = "limit-per-process"
        place = self.places.gives_back if held_code in GROWN else self.places.limit
        where = self.places.query if held_code == "no-limit" else place or self.places.query
        fail(held_code, wanted=wanted, saw=saw, where=where, facts={"processes": len(pids)})

    def _judge_missing(self, reports: Reports) -> None:
        wanted = f"{_count(reports)} in the database{_together(reports)}"
        held = self.gate.held
        running = [report for tag, report in reports.items() if tag in held]
        missing = [report for tag, report in reports.items() if tag not in held]
        if any(self.workers.wait_pid_of(report) for report in missing):
            self._let_all_go(reports.values())
            saw = f"{len(held)} went into the database; {len(missing)} others waited for them, most in your code"
            fail("reports-take-turns", wanted=wanted, saw=saw, where=self.places.excludes)
        was_crowded = self.workers.are_crowded
        self.workers.go_on()
        if not (was_crowded and self.gate.wait_held(len(reports), SURE_S)):
            self._judge_queued(running, missing, wanted, was_crowded)

    def _judge_queued(self, running: list[Exchange], queued: list[Exchange], wanted: str, was_crowded: bool) -> None:
        busy = self.workers.busy_with(running)
        self._let_all_go([*running, *queued])
        who = queued[0].label if len(queued) == 1 else f"{len(queued)} reports"
        if was_crowded:
            saw = f"{who} waited for a worker whose threads were all busy ({busy}), while another worker was free"
            room = f"{CONF}: one worker alone must have room for five reports and a page"
            fail("private-queue", wanted=wanted, saw=saw, where=self.places.size, next=room, facts=self._facts)
        saw = f"{who} waited until a report was done: every slot was waiting for the database ({busy})"
        room = f"{CONF}: make room for five reports and a page; now it has {self.workers.configuration.words}"
        fail("all-slots-busy", wanted=wanted, saw=saw, where=self.places.size, next=room, facts=self._facts)

    @property
    def _facts(self) -> dict[str, str | int]:
        return {"deployment": self.workers.configuration.words}

    def _judge_waiting(self, tag: str, reports: Reports, wanted: str, place: str) -> None:
        self.gate.release(next(iter(reports)))
        took_over = self.gate.wait_tag(tag, SURE_S)
        then = "as soon as one of the five was done, it went into the database" if took_over else "nothing moved it on"
        saw = f"report {tag} was neither run nor refused, but waited {place}; {then}"
        self._let_all_go(reports.values())
        fail("waits-for-a-slot", wanted=wanted, saw=saw, where=self.places.takes)

    def _let_all_go(self, exchanges: Collection[Exchange]) -> None:
        # So that the picture shows when those who waited were served.
        self.gate.open()
        for exchange in exchanges:
            exchange.wait_answer(SURE_S)

    def _inside_s(self, request: str) -> float:
        """How long a request was in the learner's code, by the probe's clock: waiting for a worker does not count."""
        left = self._history.wait_for(EventKind.APP_LEFT, partial(_is_of, request), deadline_s=GENEROUS_S)
        entered = next(event for event in self.server.seen(EventKind.APP_ENTERED) if event["request"] == request)
        return GENEROUS_S if left is None else left.t - entered.t

    def _now(self) -> float:
        return self._history.now()


def _count(reports: Reports) -> str:
    return "one report is" if len(reports) == 1 else f"{len(reports)} reports are"


def _together(reports: Reports) -> str:
    return "" if len(reports) == 1 else " at the same time"


def _is_of(request: str, event: Event) -> bool:
    return bool(event["request"] == request)
