"""Checks of The Event Loop in Django: the learner's watch, in the running clinic and on loops that it does not know."""

from __future__ import annotations

from typing import Any

from checker.harness.findings import Inconclusive, fail
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_3.event_loop.clinic import Clinic, drawn, now
from checker.stage_3.event_loop.ill import draw_pulses, expect_named
from checker.stage_3.event_loop.inside.loop_lab import (
    BRIEF_S,
    IDLE_S,
    NOISE_S,
    QUIET_THRESHOLD_S,
    STOPS_WITHIN_S,
    THRESHOLD_S,
)
from checker.stage_3.event_loop.lab import ENTERS, LAGS, LOOKS, Lab, Stall

ILL = ("xray", "census", "ledger")
WELL = {"chart": "chart-{}", "triage": "urgency-{}", "notes": "note-{}-1"}
BY = {"sleeps": "time.sleep()", "computes": "a computation", "waits": "a wait for another thread"}


@needs("test_both_pages_are_the_same_under_gunicorn")
def test_the_ill_pages_are_named(clinic: Clinic, holds_lab: Lab, seed: Seed, picture: Picture) -> None:
    """In the running clinic the watch names the three pages that hold the loop."""
    picture.nothing()  # no lanes: the chart has all of it
    patients = iter(drawn(seed, "ill", len(ILL) + len(WELL)))
    ill = [expect_named(clinic, holds_lab, view, next(patients)) for view in ILL]
    well = []
    for page, tag in WELL.items():
        patient = next(patients)
        clinic.gate.hold()
        visit = clinic.visit(f"/{page}/{patient}/", patient)
        clinic.expect_asked(visit, tag.format(patient))
        well.append((f"/{page}/", clinic.expect_pulse(f"/{page}/ waits", now())))
        clinic.gate.open()
        clinic.expect_page(visit)
    draw_pulses(clinic, picture, ill, well)


@needs("test_django_adapts_nothing")
def test_a_held_loop_is_told_with_its_culprit(holds_lab: Lab, picture: Picture) -> None:
    """Each time that code holds another program's loop is told once, by the stack that held it."""
    picture.nothing()
    holds = holds_lab.expect("held")
    stalls = holds_lab.expect_stalls(holds[-1]["told"])
    for held in holds:
        outer, inner = held["functions"]
        by = f"{BY[held['by']]} in {inner['name']}(), called by {outer['name']}()"
        wanted = f"{held['held_s']:.1f} s of {by}, are one entry of the report (threshold_s={THRESHOLD_S})"
        # Entries of other stalls may be there: on a busy machine a loop stands still by itself.
        named = [stall for stall in stalls if stall.index(inner["name"]) is not None]
        before = holds_lab.expect_stalls(held["told"])
        if not named and any(stall.index(inner["name"]) is not None for stall in before):
            saw = f"it was one; after the loop was held again, the report has {len(stalls)} entries, and none of it"
            fail("hold-untold", wanted=wanted, saw=saw, where=holds_lab.line(*ENTERS))
        if not named:
            last = stalls[-1].innermost if stalls else ""
            saw = f"{len(stalls)} entries, none of them with {inner['name']}(); the last one ends in {last}"
            saw = saw if last else "an empty report"
            error = holds_lab.thread_error()
            saw += f"; a thread died of {error.error}" if error else ""
            fail("hold-untold", wanted=wanted, saw=saw, where=(error and error.where) or holds_lab.line(*LOOKS))
        if len(named) > 1:
            fail(
                "hold-told-again", wanted=wanted, saw=f"{len(named)} entries tell of it", where=holds_lab.line(*ENTERS)
            )
        _expect_stack(holds_lab, held, named[0])


@needs("test_a_held_loop_is_told_with_its_culprit")
def test_its_lag_is_told_in_seconds(holds_lab: Lab, picture: Picture) -> None:
    """The lag is for how many seconds the loop was held."""
    picture.nothing()
    for held in holds_lab.expect("held"):
        lag_s = _entry(holds_lab, held).lag_s
        # How late any thread of that program was, the learner's may have been, too.
        at_least_s = held["held_s"] - 1.5 * THRESHOLD_S - 2 * held["late_s"]
        at_most_s = held["most_s"] + 2 * THRESHOLD_S
        if not at_least_s <= lag_s <= at_most_s:
            wanted = f"{BY[held['by']]} held the loop for {held['held_s']:.2f} s: lag_s tells so, within threshold_s"
            fail("lag-wrong", wanted=wanted, saw=f"lag_s is {lag_s:.4g}", where=holds_lab.line(*LAGS))


@needs("test_a_held_loop_is_told_with_its_culprit")
def test_it_is_told_while_it_lasts(holds_lab: Lab, picture: Picture) -> None:
    """Another thread reads of it in the report while it lasts, and sees its lag grow."""
    picture.nothing()
    for held in holds_lab.expect("held"):
        if (seen := held["while_held"]) is None:
            continue
        where = holds_lab.line(r".*run_coroutine_threadsafe", r".*\.result\(", r".*return")
        wanted = "another thread that calls report() while the loop is held gets an entry with the lag so far"
        if seen["hangs"]:
            fail("watch-hangs", wanted=wanted, saw="report() did not return before the loop was let go", where=where)
        if seen["lag_s"] is None:
            saw = (
                f"5 s long there was none; once the loop was free, there was: lag_s {_entry(holds_lab, held).lag_s:.2f}"
            )
            fail("told-too-late", wanted=wanted, saw=saw, where=holds_lab.line(*ENTERS))
        if not seen["has_grown"]:
            saw = f"its lag_s was {seen['lag_s']:.4g}, and stayed so while the loop was held on"
            fail("told-too-late", wanted=wanted, saw=saw, where=holds_lab.line(*LAGS))


@needs("test_django_adapts_nothing")
def test_nothing_is_told_of_a_free_loop(quiet_lab: Lab, picture: Picture) -> None:
    """Nothing is told of a loop that waits for long, or is held for less than the threshold."""
    picture.nothing()
    [quiet] = quiet_lab.expect("quiet")
    told = quiet_lab.expect_stalls(quiet["told"])
    if not told:
        return
    if quiet["late_s"] >= NOISE_S:
        raise Inconclusive("the machine was too busy to keep a loop free")
    idle = quiet_lab.expect_stalls(quiet["idle"])
    what = f"waits in `await asyncio.sleep({IDLE_S})`" if idle else f"is held for {BRIEF_S} s"
    wanted = f"a loop that {what} is no entry of the report (threshold_s={QUIET_THRESHOLD_S})"
    saw = f"lag_s {told[0].lag_s:.2f}, {told[0].innermost}"
    where = quiet_lab.line(*LOOKS) if idle else quiet_lab.line(r"\s*if .*(?:wait|get|lag|threshold)", *LOOKS)
    fail("free-loop-told", wanted=wanted, saw=saw, where=where)


@needs("test_a_held_loop_is_told_with_its_culprit")
def test_stop_leaves_nothing_behind(quiet_lab: Lab, picture: Picture) -> None:
    """Once it is stopped, no thread and no task of it is left."""
    picture.nothing()
    for hung in quiet_lab.expect("hung"):
        wanted = "stop() returns, also where the loop was held until then and runs nothing meanwhile"
        saw = f"it had not returned after {STOPS_WITHIN_S:.0f} s"
        fail("watch-hangs", wanted=wanted, saw=saw, where=quiet_lab.own_line(hung["stack"]))
    [stopped] = quiet_lab.expect("stopped")
    wanted = "3 s after stop() no thread and no task is left that start() has brought"
    if left := stopped["threads"] or stopped["tasks"]:
        kind = "thread" if stopped["threads"] else "task"
        saw = f"the {kind} {left[0]!r} is left"
        where = quiet_lab.line(r".*Thread\(" if kind == "thread" else r".*(?:create_task|ensure_future)\(")
        fail("left-by-stop", wanted=wanted, saw=saw, where=where, facts={"kind": kind})


def _entry(lab: Lab, held: dict[str, Any]) -> Stall:
    stalls = lab.expect_stalls(held["told"])
    return next(stall for stall in stalls if stall.index(held["functions"][1]["name"]) is not None)


def _expect_stack(lab: Lab, held: dict[str, Any], stall: Stall) -> None:
    outer, inner = held["functions"]
    at_outer, at_inner = stall.index(outer["name"]), stall.index(inner["name"])
    wanted = f"the stack of {BY[held['by']]}: ... {outer['name']}, {inner['name']}"
    wanted += ", and within it what that one calls" if held["by"] == "waits" else " last"
    told = ", ".join(frame.function for frame in stall.stack[-3:])
    where = lab.line(*LOOKS)
    if at_outer is None:
        fail("entry-wrong", wanted=wanted, saw=f"{len(stall.stack)} entries: {told}", where=where)
    if at_inner is None or at_outer > at_inner or (held["by"] != "waits" and at_inner != len(stall.stack) - 1):
        fail("entry-wrong", wanted=wanted, saw=f"the last ones are {told}", where=where)
    line = stall.stack[at_inner].line
    if not inner["first"] <= line <= inner["last"]:
        lines = f"lines {inner['first']} to {inner['last']}" if inner["last"] > inner["first"] else f"line {line}"
        wanted = f"the entry of {inner['name']} names the line that runs, one of {lines}"
        fail("entry-wrong", wanted=wanted, saw=f"it names line {line}", where=where)
