"""`learn open` and `learn editor`. As in cli.py: each gathers, calls, shows, and returns an exit status."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from course.commands.arguments import AsJson, ExerciseName
from course.commands.situations import here as _here
from course.model import ExitStatus


def editor_names(incomplete: str) -> list[tuple[str, str]]:
    """For the shell: the editors that `learn editor` knows."""
    from course.learner.editor_files import NAMES

    return [(name, title) for name, title in NAMES.items() if name.startswith(incomplete)]


def open_(
    exercise: ExerciseName = None,
    *,
    lesson: Annotated[bool, typer.Option("--lesson", help="The lesson.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="The reference, after passing.")] = False,
    as_json: AsJson = False,
) -> ExitStatus:
    """The line of the last finding, in your editor.

    $VISUAL or $EDITOR, else VS Code or PyCharm. Where nothing has failed, the first file to edit.
    With --json it only says what it would open.
    """
    from course.errors import UsageError
    from course.learner import asking, editors, opening, situation
    from course.view import diff, screens
    from course.view import editors as view

    if lesson and reference:
        raise UsageError("--lesson and --reference exclude each other.", "Choose one.")
    here = _here()
    chosen = situation.meant(here, exercise)
    screen = screens.stdout()
    chosen_editor = editors.found()
    if reference:
        situation.project_of(here, chosen)
        if not asking.may_see_solution(here, chosen):
            told = screens.stderr() if as_json else screen
            told.show(diff.ask_again(chosen, asking.hints_left(here, chosen)))
            return ExitStatus.NOT_YET
        target = opening.reference(here, chosen)
    else:
        target = opening.lesson(here, chosen) if lesson else opening.work(here, chosen)
    command = chosen_editor.opening(target.files, target.line)
    if as_json:
        screen.show(view.as_json(chosen, target, chosen_editor, command))
        return ExitStatus.PASSED
    editors.must_have_terminal(chosen_editor)
    screen.show(view.opened(target, [situation.from_here(file) for file in target.files], chosen_editor.name))
    editors.start(chosen_editor, command)
    return ExitStatus.PASSED


def editor(
    name: Annotated[str, typer.Argument(metavar="vscode|pycharm", help="Which one.", autocompletion=editor_names)],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out again, to the byte.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> ExitStatus:
    """What your editor needs to find Django.

    Shows what it would write into your folder, and asks.
    """
    from course.learner import editor_settings, situation
    from course.view import editors as view
    from course.view import screens

    here = _here()
    screen = screens.stdout()
    plan = editor_settings.undoing(here, name) if remove else editor_settings.planned(here, name)
    screen.show(view.plan(plan))
    if plan.changes and not yes and not screens.agreed(view.QUESTION):
        return ExitStatus.NOT_YET
    editor_settings.carry_out(here, plan)
    screen.show(view.done(plan))
    if remove:
        return ExitStatus.PASSED
    screen.show(view.then(name, situation.from_here(here.workspace.root), sys.executable))
    return ExitStatus.NOT_YET if plan.left else ExitStatus.PASSED
