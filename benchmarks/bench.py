"""`make bench`: wall times, start-up and memory of `learn`, beside their controls and their budgets.

    python -m benchmarks.bench [--runs 5] [--json] [EXERCISE ...]

A measure and its control take turns in one run, so a busy machine slows both. Exit status 0 whether kept or missed.
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

from benchmarks.boots import boot_s, servers_of
from benchmarks.commands import CommandFailed, bare_interpreter, learn, wall_s, wall_s_and_peak_mb
from benchmarks.measures import Measure, closing, table
from course.content import catalogue, scaffold
from course.content.places import Places
from course.learner.workspace import Workspace, kept_runs
from course.model import Exercise
from course.shared.prctl import adopt_orphans

START_UP_BUDGET_MS = 150.0
CHECK_BUDGET_RATIO = 1.5
ALL_BUDGET_S = 90.0
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
            workspace = _workspace(places, Path(name), chosen)
            measures = list(_measures(workspace, chosen, options.runs))
        except CommandFailed as failure:
            sys.exit(f"bench: a measured command failed: {failure}")
    # More load than cores, and every number in milliseconds tells of the other programs too: look at the ratios.
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {load}"
    if options.json:
        print(json.dumps({"v": 1, "machine": machine, "measures": [m.as_json() for m in measures]}, indent=1))
    else:
        print(f"{machine}, medians of {options.runs} runs (start-up: {options.runs * START_UP_RUNS})\n")
        print(table(measures))
        print(f"\n{closing(measures)}")
    return 0


def _measures(workspace: Path, exercises: Sequence[Exercise], runs: int) -> Iterator[Measure]:
    yield from _start_ups(workspace, runs * START_UP_RUNS)
    for exercise in exercises:
        yield _check(workspace, exercise, runs)
    _tell("learn check --all")
    seconds, peak = wall_s_and_peak_mb(["check", "--all"], workspace)
    note = f"here with {len(exercises)} of the 23 boxes that the budget is for"
    yield Measure("learn check --all", "s", (seconds,), ALL_BUDGET_S, note=note)
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
        yield Measure(name, "ms", milliseconds, START_UP_BUDGET_MS, "python -c pass", bare)


def _check(workspace: Path, exercise: Exercise, runs: int) -> Measure:
    _tell(f"learn check {exercise.name}, to see which servers it starts")
    wall_s(learn("check", exercise.path), workspace)
    run = kept_runs(Workspace(workspace), exercise.path)[-1]
    servers = servers_of(run)
    checks, boots = [], []
    for number in range(runs):
        _tell(f"learn check {exercise.name}, run {number + 1} of {runs}")
        if servers:
            boots.append(boot_s(servers, workspace / exercise.path))
        checks.append(wall_s(learn("check", exercise.path), workspace))
    name = f"learn check {exercise.name}"
    if not servers:
        return Measure(name, "s", tuple(checks), None, "no server")
    return Measure(
        name,
        "s",
        tuple(checks),
        CHECK_BUDGET_RATIO,
        f"boot of {' + '.join(servers)}",
        tuple(boots),
        is_ratio=True,
    )


def _workspace(places: Places, folder: Path, exercises: Sequence[Exercise]) -> Path:
    """A workspace whose exercises hold their reference solutions."""
    workspace = folder / "workspace"
    wall_s(learn("init", str(workspace)), folder)
    for exercise in exercises:
        wall_s(learn("next", exercise.path), workspace)
        scaffold.overlay(places.reference(exercise.path), workspace / exercise.path)
    return workspace


def _tell(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure learn against its budgets.")
    parser.add_argument("--runs", type=int, default=5, help="how often each check and its boot are measured")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    parser.add_argument("exercise", nargs="*", help="only these exercises, by name")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
