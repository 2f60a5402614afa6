"""`learn watch`. As in cli.py: it gathers, calls, and returns an exit status."""

from __future__ import annotations

from course.commands.arguments import ExerciseName
from course.commands.situations import here as _here
from course.model import ExitStatus


def watch(exercise: ExerciseName = None) -> ExitStatus:
    """Grade at every save, what failed last first.

    One key each for a hint, the lesson, your editor, and more, named at the bottom.
    """
    from course.commands.watch_session import Session
    from course.learner import situation
    from course.view import keyboard, screens

    screen = screens.stdout()
    keyboard.must_have_terminal(screen)
    here = _here()
    chosen = situation.meant(here, exercise)
    situation.project_of(here, chosen)
    with keyboard.Keyboard() as keys:
        Session(here, chosen, screen, keys).run()
    return ExitStatus.PASSED
