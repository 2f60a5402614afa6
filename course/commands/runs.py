"""`learn check` and `learn show`: a run, and the last one again. As in cli.py: each gathers, calls and shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course.commands.arguments import AsJson, ExerciseName, NoPager, Verbose, check_names, exercise_names
from course.commands.situations import here as _here
from course.model import ExitStatus


def check(
    exercise: ExerciseName = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every exercise in your folder.")] = False,
    stage: Annotated[int | None, typer.Option(metavar="N", help="Those of one stage.")] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="CHECK", help="One: its number, or part of its line.", autocompletion=check_names),
    ] = None,
    first_failed: Annotated[bool, typer.Option("--first-failed", help="What failed last, then all.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a JUnit report.")] = None,
) -> ExitStatus:
    """Grade your work: real servers, real requests.

    Only a run of all checks ticks the box.
    """
    from course.errors import UsageError
    from course.grading import junit as report
    from course.learner import attempt
    from course.shared import temporary
    from course.view import check as view
    from course.view import screens, welcome

    if only is not None and (every or stage is not None or first_failed):
        raise UsageError("--only is one check of one exercise: no --all, --stage or --first-failed.", "Choose one.")
    here = _here()
    screens.stderr().show(welcome.note(temporary.note()))
    screen = screens.stdout()
    follow = view.JsonEvents(screen) if as_json else view.Follow(screen, here.workspace.root, verbose=verbose)
    if junit is not None:
        report.must_be_writable(junit)
    attempts = []
    for chosen in attempt.chosen(here, exercise, every=every, stage=stage):
        done = []
        for run in attempt.runs(here, chosen, follow, only=only, first_failed=first_failed):
            follow.close(run)
            done.append(run)
        attempts.append(done[-1])
    follow.sum_up(attempts)
    if junit is not None:
        report.save(junit, [done.verdict for done in attempts])
    return attempt.status(attempts)


def show(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="EXERCISE", help="Its name or path; or a run's number, or folder.", autocompletion=exercise_names
        ),
    ] = None,
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Its number. Default: the last one.")] = None,
    exercise: Annotated[str | None, typer.Option(metavar="NAME", autocompletion=exercise_names)] = None,
    *,
    verbose: Verbose = False,
    no_pager: NoPager = False,
) -> ExitStatus:
    """The last run again, without running it."""
    from course.learner import past_run, situation
    from course.view import pager, place, screens
    from course.view import run as view

    screen = screens.stdout()
    folder = past_run.folder_named(what)
    if folder is not None:
        shown, project = past_run.read_folder(folder), place.NOWHERE
    else:
        here = _here()
        name, number = past_run.asked(what, run)
        chosen = situation.meant(here, exercise or name)
        shown = past_run.read(here, chosen, number)
        project = place.project_in(here.workspace.root, chosen.path)
    pager.show(view.draw(shown, screen, project, verbose=verbose), screen, is_wanted=not no_pager)
    return ExitStatus.PASSED
