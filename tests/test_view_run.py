"""A run that has ended: its failures whole, and of what passed the pictures that say most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from course.content import catalogue
from course.learner.past_run import PastRun
from course.model import CheckResult, Finding, Outcome, Verdict
from course.pictures import Bar, BarKind, Conversation, Mark, Message, MessageKind, Timeline, TimelineRow
from course.view.place import NOWHERE
from course.view.run import PICTURES_OF_A_PASS, draw
from course.view.screens import Screen
from tests.replay import COURSE, played, recorded
from tests.transcripts import shown

SCREEN = Screen(None)  # type: ignore[arg-type]  # nothing is written to it here
WORKING = (Bar(0, 10, BarKind.WORKING),)


def past(verdict: Verdict, *, verbose: bool = False) -> str:
    run = PastRun(catalogue.find(COURSE, verdict.exercise), verdict, (), 0, "runs/0001", (), None)
    return shown(draw(run, SCREEN, NOWHERE, verbose=verbose))


def passed(number: int, *rows: TimelineRow) -> CheckResult:
    return CheckResult(f"test_{number}", f"Check {number}", Outcome.PASSED, 0.1, timeline=Timeline(10, rows))


def verdict(*results: CheckResult, outcome: Outcome) -> Verdict:
    return Verdict("stage_4/groups", outcome, results, 1.0, Path("0001"))


def test_of_a_pass_the_pictures_that_say_most_are_shown() -> None:
    plain = [passed(number, TimelineRow(f"pid {number}", WORKING)) for number in range(5)]
    side_by_side = [passed(n, TimelineRow(f"a{n}", WORKING), TimelineRow(f"b{n}", WORKING)) for n in range(5, 8)]
    killed = passed(8, TimelineRow("worker", WORKING, (Mark(5, "killed"),)))
    own = replace(passed(9), timeline=Timeline(10, (TimelineRow("layer", WORKING),), "the layers"))
    text = past(verdict(*plain, *side_by_side, killed, own, outcome=Outcome.PASSED))
    assert text.count("in the app") == PICTURES_OF_A_PASS
    assert "killed" in text
    assert "the layers" in text
    assert "pid 0" not in text
    assert "learn show -v    pictures of 6 more checks" in text
    assert past(verdict(*plain, killed, outcome=Outcome.PASSED), verbose=True).count("in the app") == 6


def test_of_a_failed_run_all_failures_are_whole() -> None:
    run = recorded("gateways")
    text = past(run)
    assert text.count("wanted   ") == sum(result.outcome is Outcome.FAILED for result in run.results)
    assert "needs a check above" not in text
    waiting = "◌ 22 more wait: 2 for check 1, 13 for check 3, 5 for check 17, 2 for check"  # as `learn check` says it
    assert waiting in text
    assert waiting in played(run)


def test_the_same_cause_is_told_once() -> None:
    finding = Finding("sync-call", "a page", "status 500")
    failed = [CheckResult(f"test_{n}", f"Check {n}", Outcome.FAILED, 0.1, finding) for n in range(3)]
    text = past(verdict(*failed, outcome=Outcome.FAILED))
    assert text.count("status 500") == 1
    assert text.count("same cause as check 1") == 2


def test_messages_that_no_picture_shows_are_in_the_runs_history() -> None:
    talk = Conversation(("one",), (Message(1, "ada", "one", MessageKind.SAID, "hello"),), left_out=245)
    failed = CheckResult("test_a", "A", Outcome.FAILED, 0.1, Finding("lost", "a", "b"), conversation=talk)
    assert "245 more messages: runs/0001/history.jsonl\n" in past(verdict(failed, outcome=Outcome.FAILED))
