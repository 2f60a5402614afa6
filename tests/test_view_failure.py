"""The failure at the bottom: which one, how much of it, and what stands above it, at 80x24 and at 40x20."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from course.content import catalogue
from course.model import CheckFinished, CheckResult, Finding, Outcome, SourceLine, Verdict
from course.pictures import Bar, BarKind, Timeline, TimelineRow
from course.view.check import Follow
from course.view.failure import BLOCK_ROWS, PICTURE_ROWS, causes
from course.view.screens import Screen
from tests.replay import COURSE, NAMES, played, recorded
from tests.transcripts import hold

SIZES = [(80, 24), (40, 20)]
EXERCISE = catalogue.find(COURSE, "async_views")
CLOSING_WORDS = "Not yet: "
FINDING = Finding("sync-call", "a page", "status 500: SynchronousOnlyOperation", SourceLine("desk/views.py", 14))
LANES = tuple(TimelineRow(f"report {n}", (Bar(n, 40 + n, BarKind.WORKING),)) for n in range(20))


def verdict(*results: CheckResult, outcome: Outcome = Outcome.FAILED) -> Verdict:
    return Verdict("stage_3/async_views", outcome, results, 1.4, Path("0001"))


def check(number: int, finding: Finding | None = None, reason: str = "") -> CheckResult:
    outcome = Outcome.FAILED if finding else Outcome.SKIPPED if reason else Outcome.PASSED
    return CheckResult(f"test_{number}", f"Check number {number} holds", outcome, 0.4, finding, reason)


SAME_CAUSE = verdict(*(check(n, FINDING if n in (2, 4, 7, 12) else None) for n in range(1, 14)))


@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("scaffold", recorded("blocking_problem")),
        ("two_causes", recorded("wsgi_callable")),
        ("many_causes", recorded("gunicorn_deployment")),
        ("same_cause", SAME_CAUSE),
        ("many_waiting", recorded("groups")),
        ("passed", verdict(check(1), check(2), outcome=Outcome.PASSED)),
    ],
)
def test_a_run_has_its_screen(name: str, run: Verdict, columns: int, rows: int) -> None:
    hold(f"run_{name}_{columns}", played(run, columns, rows))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_check_of_an_untouched_scaffold_has_its_screen(name: str) -> None:
    hold(f"first_check_{name}", played(recorded(name)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_first_failure_and_what_closes_the_run_fit_the_screen(name: str, columns: int, rows: int) -> None:
    run = recorded(name)
    assert run.first_failure is not None
    last = played(run, columns, rows).splitlines()[-(rows - 2) :]
    at = max(at for at, line in enumerate(last) if line.startswith("  ✗ "))
    assert last[at].removeprefix("  ✗ ") == run.first_failure.sentence[: len(last[at]) - 4]
    assert any(line.startswith(f"  {CLOSING_WORDS}") for line in last)


def test_same_cause_is_same_code_place_and_sight() -> None:
    other = replace(FINDING, where=SourceLine("desk/views.py", 15))
    found = causes([check(1, FINDING), check(2, other), check(3), check(4, FINDING)])
    assert [cause.numbers for cause in found] == [(1, 4), (2,)]


def test_two_blocks_are_whole_and_further_causes_have_a_line_each() -> None:
    shown = played(verdict(*(check(n, replace(FINDING, saw=f"status {n}\nmore of {n}")) for n in range(1, 5))))
    assert "✗ check 3: status 3\n  ✗ check 4: status 4\n    learn show has them whole" in shown
    assert shown.index("more of 2") < shown.index("more of 1")
    assert "more of 3" not in shown


def test_a_long_picture_is_cut_and_says_where_the_rest_is() -> None:
    failed = replace(check(1, FINDING), timeline=Timeline(60.0, LANES))
    shown = played(verdict(failed)).splitlines()
    scale = next(at for at, line in enumerate(shown) if "60 ms" in line)
    assert shown[scale + PICTURE_ROWS :][0] == ""
    assert any("more rows: learn show" in line for line in shown)
    assert any(line.strip().startswith("report 19 ") for line in shown)


@pytest.mark.parametrize("lines", [12, 40])
def test_what_was_seen_is_cut_after_the_picture_and_keeps_its_last_line(lines: int) -> None:
    log = "\n".join(f"  line {n}" for n in range(lines))
    failed = replace(
        check(1, replace(FINDING, saw=f"status 500:\n{log}\nValueError: 7")), timeline=Timeline(60.0, LANES)
    )
    shown = played(verdict(failed)).splitlines()
    at = max(at for at, line in enumerate(shown) if line.startswith("  ✗ "))
    assert len(shown) - at <= BLOCK_ROWS
    assert any("ValueError: 7" in line for line in shown[at:])
    assert any("… the rest: learn show" in line for line in shown[at:]) == (lines == 40)
    assert not any(line.strip().startswith("report 1 ") for line in shown)


def test_what_waits_is_told_by_the_failure_that_all_of_it_waits_for() -> None:
    shown = played(
        verdict(
            check(1, FINDING),
            check(2, reason="needs: Check number 1 holds"),
            check(3, reason="needs: Check number 2 holds"),
            check(4, replace(FINDING, saw="another")),
            check(5, reason="needs: Check number 4 holds"),
            check(6, reason="needs: Check number 3 holds"),
        )
    )
    assert shown.count(" wait") == 1  # counted once, in one place
    assert "  ◌ 4 more wait: 3 for check 1, 1 for check 4\n" in shown


def test_a_failure_has_the_number_by_which_others_refer_to_it() -> None:
    shown = played(verdict(check(1), check(2, FINDING), check(3, reason="needs: Check number 2 holds")))
    assert any("✗ Check number 2 holds" in line and line.endswith(" check 2 · 0.4 s") for line in shown.splitlines())
    assert "  ◌ 1 more waits for check 2\n" in shown


def test_verbose_shows_every_check_whole_where_it_stands() -> None:
    shown = played(recorded("gateways"), verbose=True)
    assert shown.count("needs a check above") == sum(r.reason.startswith("needs") for r in recorded("gateways").results)
    assert shown.count("wanted  ") == 4
    assert "checks wait" not in shown


def test_an_interrupted_run_still_tells_the_failure_it_has_met() -> None:
    stream = io.StringIO()
    follow = Follow(Screen(stream))

    def interrupted() -> None:
        with follow.begin(EXERCISE, []):
            follow(CheckFinished(check(1, FINDING)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("where    desk/views.py:14\n")
