"""`make bench`: wall and processor times, start-up and memory of `learn`, beside their controls and their budgets.

    python -m benchmarks.bench [--runs 5] [--json] [EXERCISE ...]

A measure and its control take turns in one run, so a busy machine slows both. Budgets of time are for a machine on
which the bare interpreter takes BARE_MS, and are stretched by what it takes here, in the same run. Exit status 0
whether kept or missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.commands import CommandFailed, bare_interpreter, check, learn, wall_s, wall_s_and_peak_mb
from benchmarks.measures import Measure, closing, table
from benchmarks.pace import BARE_MS, Pace
from benchmarks.watching import Watch
from course.content import catalogue, scaffold
from course.content.places import Places
from course.model import Exercise, ExitStatus
from course.shared.prctl import adopt_orphans

START_UP_BUDGET_MS = 120.0
MOST_CHECK_BUDGET_S = 6.0
MEDIAN_CHECK_BUDGET_S = 3.0
FIRST_FINDING_BUDGET_S = 2.0
WATCH_BUDGET_RATIO = 0.6
MOST_WATCH_BUDGET_RATIO = 0.8
ALL_BUDGET_S = 60.0
MEMORY_BUDGET_MB = 80.0
START_UP_RUNS = 4  # times --runs: these are short, and noisier
START_UPS = (("progress",), (), ("next", "--help"))


def main() -> int:
    """Measure, tell each step on standard error, print the table (or JSON) on standard output."""
    options = _options()
    adopt_orphans()
    places = Places()
    course = catalogue.read(places)
    written = [exercise for exercise in course.exercises if exercise.written]
    chosen = [exercise for exercise in written if not options.exercise or exercise.name in options.exercise]
    with tempfile.TemporaryDirectory(prefix="learn-bench-") as name:
        try:
            measures = list(_measures(places, Path(name), chosen, options.runs, pace := Pace(Path(name))))
        except CommandFailed as failure:
            sys.exit(f"bench: a measured command failed: {failure}")
    # More load than cores, and every number tells of the other programs too: look at the ratios.
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {load}"
    if options.json:
        told = {"v": 2, "machine": machine, "bare_ms": pace.bare_ms, "budgets_bare_ms": BARE_MS}
        print(json.dumps({**told, "measures": [m.as_json() for m in measures]}, indent=1))
    else:
        print(f"{machine}, medians of {options.runs} runs (start-up: {options.runs * START_UP_RUNS})")
        print(f"python -c pass: {pace.bare_ms:.1f} ms, where budgets were set {BARE_MS:g}: {pace():.2f} x in all\n")
        print(table(measures))
        print(f"\n{closing(measures)}")
    return 0


def _measures(places: Places, folder: Path, exercises: Sequence[Exercise], runs: int, pace: Pace) -> Iterator[Measure]:
    workspace = folder / "workspace"
    wall_s(learn("init", str(workspace)), folder)
    yield from _start_ups(workspace, runs * START_UP_RUNS)
    yield _first_findings(workspace, exercises, pace)
    for exercise in exercises:
        scaffold.overlay(places.reference(exercise.path), workspace / exercise.path)
    mark = pace.mark
    checks = [_check(workspace, exercise, runs, pace) for exercise in exercises]
    yield from checks
    medians = tuple(measure.median for measure in checks)
    yield Measure("learn check, each exercise", "s", medians, MEDIAN_CHECK_BUDGET_S * pace(mark))
    watches = [_watch(workspace, exercise, runs) for exercise in exercises]
    yield from watches
    ratios = tuple(measure.ratio or 0.0 for measure in watches)
    yield Measure("learn watch over learn check, each exercise", "", ratios, WATCH_BUDGET_RATIO)
    _tell("learn check --all")
    mark = pace.mark
    pace.look()
    seconds, peak = wall_s_and_peak_mb(["check", "--all"], workspace)
    pace.look()
    note = f"here with {len(exercises)} of the 23 boxes that the budget is for"
    yield Measure("learn check --all", "s", (seconds,), ALL_BUDGET_S * pace(mark), note=note)
    yield Measure(
        "memory of learn check --all", "MB", (peak,), MEMORY_BUDGET_MB, note="learn itself, without the grader"
    )


def _start_ups(workspace: Path, runs: int) -> Iterator[Measure]:
    _tell(f"start-up, {runs} runs of {len(START_UPS)} commands")
    commands = [bare_interpreter(), *(learn(*arguments) for arguments in START_UPS)]
    rounds = [[wall_s(command, workspace) * 1000 for command in commands] for _ in range(runs + 1)]
    bare, *each = zip(*rounds[1:], strict=True)  # the first round warmed the disk cache
    for arguments, milliseconds in zip(START_UPS, each, strict=True):
        name = " ".join(("learn", *arguments))
        yield Measure(name, "ms", milliseconds, START_UP_BUDGET_MS / BARE_MS, "python -c pass", bare, is_ratio=True)


def _first_findings(workspace: Path, exercises: Sequence[Exercise], pace: Pace) -> Measure:
    """Of each untouched scaffold. Its first check is the one that it fails."""
    seconds, mark = [], pace.mark
    for exercise in exercises:
        _tell(f"learn check {exercise.name}, untouched")
        wall_s(learn("next", exercise.path), workspace)
        pace.look()
        seconds.append(check(exercise.path, workspace, status=ExitStatus.NOT_YET).first_s)
    return Measure("first finding of each scaffold", "s", tuple(seconds), FIRST_FINDING_BUDGET_S * pace(mark))


def _check(workspace: Path, exercise: Exercise, runs: int, pace: Pace) -> Measure:
    found, mark = [], pace.mark
    for number in range(runs + 1):
        _tell(f"learn check {exercise.name}, {f'run {number} of {runs}' if number else 'once unmeasured'}")
        pace.look()
        found.append(check(exercise.path, workspace))
    slower = pace(mark)
    cpu_s = median(one.cpu_s for one in found[1:])
    note = f"{cpu_s:.1f} s of the processor, {cpu_s * 1000 / (slower * BARE_MS):.0f} x python -c pass"
    waited_s = sum(seconds for _, seconds in exercise.waits)
    note += "".join(f"; {seconds:g} s because {what}" for what, seconds in exercise.waits)
    # Waits that are the lesson are no waste: where they alone would take more than half of it, what is left is judged.
    # They last as long on any machine.
    budget_s = max(MOST_CHECK_BUDGET_S * slower, waited_s + MEDIAN_CHECK_BUDGET_S * slower)
    walls_s = tuple(one.wall_s for one in found[1:])
    return Measure(f"learn check {exercise.name}", "s", walls_s, budget_s, note=note)


def _watch(workspace: Path, exercise: Exercise, runs: int) -> Measure:
    """From a save to the end of the first check, beside the same of `learn check`, from its start."""
    saved, checked = [], []
    with Watch(workspace / exercise.path) as watch:
        for number in range(runs):
            _tell(f"learn watch {exercise.name}, run {number + 1} of {runs}")
            saved.append(watch.first_check_s(number))
            checked.append(check(exercise.path, workspace).first_s)
    return Measure(
        f"learn watch {exercise.name}, first check",
        "s",
        tuple(saved),
        MOST_WATCH_BUDGET_RATIO,
        "learn check, first check",
        tuple(checked),
        is_ratio=True,
    )


def _tell(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure learn against its budgets.")
    parser.add_argument("--runs", type=int, default=5, help="how often each command and its control are measured")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    parser.add_argument("exercise", nargs="*", help="only these exercises, by name")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
