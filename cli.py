"""`learn`, command by command: each gathers, calls, shows, and returns an exit status. What they do is in course/.

Imports stand in the functions that need them: `learn progress` must not wait for what only `learn lesson` draws with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from course.commands import authors, editors, runs, stack, tour, watch
from course.commands.arguments import AsJson, ExerciseName, NoPager
from course.commands.situations import here as _here
from course.model import ExitStatus
from course.parameters import PlainCommand, PlainGroup, for_line


class LearnGroup(PlainGroup):
    """The commands, also by the names that they have elsewhere. No typo leads to one that undoes work."""

    aliases: ClassVar = {"list": "progress", "status": "progress", "test": "check"}
    never_offered: ClassVar = {"reset"}


app = typer.Typer(
    name="learn",
    help="An interactive course: WSGI, ASGI and Channels, graded by real servers.",
    epilog="`learn` alone says where you are. `learn tour` shows the main job in about a minute."
    " `list` and `status` are `progress`, `test` is `check`.",
    cls=LearnGroup,
    invoke_without_command=True,
    rich_markup_mode=None,  # rich's help takes three times as long to come
    pretty_exceptions_enable=False,  # course/__main__.py is the one door for errors
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int | None:
    """Run the command that these arguments name; returns its exit status."""
    status: int | None = for_line(app, arguments, LearnGroup.aliases)(
        list(arguments), prog_name="learn", standalone_mode=False
    )
    return status


app.add_typer(authors.dev, name="dev", help="For authors: new, show, mistake, check.")


def print_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from course import __version__

        typer.echo(f"learn-asgi {__version__}")
        raise typer.Exit


@app.callback()
def where_am_i(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> ExitStatus:
    """An interactive course: WSGI, ASGI and Channels, graded by real servers."""
    from datetime import UTC, datetime

    if context.invoked_subcommand is not None:
        return ExitStatus.PASSED
    from course.learner import situation
    from course.view import progress, screens, welcome

    screen = screens.stdout()
    if situation.is_nowhere():
        screen.show(welcome.draw())
        return ExitStatus.PASSED
    here = _here()
    next_open = situation.next_open(here.course, here.progress)
    boxes, at = situation.boxes(here), situation.exercise_at(here)
    now = datetime.now(UTC)
    screen.show(progress.where_you_are(here.course, here.progress, boxes, at, now=now, next_open=next_open))
    return ExitStatus.PASSED


@app.command(cls=PlainCommand)
def init(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Default: here.")] = Path()) -> ExitStatus:
    """Make a workspace: the folder in which you work."""
    from course.learner import beginning, situation
    from course.view import exercise, screens

    made = beginning.workspace_in(folder)
    steps = beginning.steps_to(made.root, "learn next")
    screens.stdout().show(exercise.workspace(situation.from_here(made.root), steps=steps))
    return ExitStatus.PASSED


@app.command("next", cls=PlainCommand)
def next_(
    exercise: ExerciseName = None,
    stage: Annotated[bool, typer.Option("--stage", help="All exercises of that stage.")] = False,
) -> ExitStatus:
    """Begin the next open exercise, or the one named. Never overwrites."""
    from course.learner import beginning, situation
    from course.view import exercise as view
    from course.view import screens, welcome

    screen = screens.stdout()
    came_to = beginning.begin(exercise, whole_stage=stage)
    screens.stderr().show(welcome.note(came_to.note))
    if not came_to.begun:
        screen.show(view.nothing_open(came_to.coming))
        return ExitStatus.PASSED
    for begun in came_to.begun:
        screen.show(view.draw(begun.stage, begun.exercise, situation.from_here(begun.folder), is_new=bool(begun.files)))
    screen.show(view.then(came_to.steps))
    screen.show(view.python(sys.executable))
    return ExitStatus.PASSED


@app.command(cls=PlainCommand)
def lesson(exercise: ExerciseName = None, no_pager: NoPager = False) -> ExitStatus:
    """Read the lesson, page by page."""
    from course.learner import asking
    from course.view import markdown, pager, screens

    screen = screens.stdout()
    pager.show(markdown.draw(asking.lesson(exercise), screen), screen, is_wanted=not no_pager)
    return ExitStatus.PASSED


app.command(cls=PlainCommand)(runs.check)
stack.add_to(app)


@app.command(cls=PlainCommand)
def progress(as_json: AsJson = False, no_pager: NoPager = False) -> ExitStatus:
    """The roadmap with its boxes."""
    from course.learner import situation
    from course.view import pager, screens
    from course.view import progress as view
    from course.view.rows import Block

    here = _here()
    screen = screens.stdout()
    boxes, at = situation.boxes(here), situation.exercise_at(here)
    if as_json:
        screen.show([Block(view.as_json(here.course, here.progress, boxes, at), margin=0)])
        return ExitStatus.PASSED
    pager.show(view.draw(here.course, here.progress, boxes, at), screen, is_wanted=not no_pager)
    return ExitStatus.PASSED


@app.command(cls=PlainCommand)
def hint(exercise: ExerciseName = None) -> ExitStatus:
    """The next of three hints for the last failure."""
    from course.learner import asking, situation
    from course.view import hint as view
    from course.view import screens

    here = _here()
    screen = screens.stdout()
    screen.show(view.draw(asking.hint(here, situation.meant(here, exercise)), colour=screen.colour))
    return ExitStatus.PASSED


@app.command(cls=PlainCommand)
def solution(exercise: ExerciseName = None, no_pager: NoPager = False) -> ExitStatus:
    """Your work beside the reference, and its why.

    Shown after passing, or after asking twice.
    """
    from course.learner import asking, situation
    from course.view import diff as view
    from course.view import pager, screens

    here = _here()
    chosen = situation.meant(here, exercise)
    screen = screens.stdout()
    if not asking.may_see_solution(here, chosen):
        screen.show(view.ask_again(chosen, asking.hints_left(here, chosen)))
        return ExitStatus.NOT_YET
    pager.show(view.draw(asking.compare(here, chosen), screen), screen, is_wanted=not no_pager)
    return ExitStatus.PASSED


@app.command(cls=PlainCommand)
def reset(
    exercise: ExerciseName = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> ExitStatus:
    """Back to the scaffold; a backup is kept."""
    from course.learner import beginning, situation
    from course.view import exercise as view
    from course.view import screens

    here = _here()
    chosen = situation.meant(here, exercise)
    folder = situation.from_here(situation.project_of(here, chosen))
    if not yes and not screens.agreed(view.reset_question(chosen, folder)):
        return ExitStatus.NOT_YET
    backup, way_back = beginning.reset(here, chosen)
    screens.stdout().show(view.reset(chosen, str(backup.relative_to(here.workspace.root)), way_back=way_back))
    return ExitStatus.PASSED


app.command(cls=PlainCommand)(runs.show)
app.command(cls=PlainCommand)(watch.watch)
app.command("open", cls=PlainCommand)(editors.open_)
app.command(cls=PlainCommand)(editors.editor)
app.command(cls=PlainCommand)(tour.tour)


@app.command(cls=PlainCommand)
def doctor() -> ExitStatus:
    """What this machine has, and what it lacks."""
    from course.learner import doctor, situation
    from course.view import doctor as view
    from course.view import screens

    parts = list(doctor.examined(situation.workspace_if_any()))
    screens.stdout().show(view.draw(parts))
    return doctor.status(parts)
