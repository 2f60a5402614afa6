"""Arguments and options that several commands take, and how the shell completes them."""

from __future__ import annotations

from typing import Annotated

import typer


def exercise_names(incomplete: str) -> list[tuple[str, str]]:
    """For the shell: the exercises that exist, by name, or by path once a slash is typed."""
    from course.content import catalogue
    from course.errors import LearnError

    try:
        written = [exercise for exercise in catalogue.read().exercises if exercise.written]
    except LearnError:
        return []
    named = [(e.path if "/" in incomplete else e.name, e.title) for e in written]
    return [(name, title) for name, title in named if name.startswith(incomplete)]


def check_names(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """For the shell: the checks of the exercise that is typed before them, or of the one you are at."""
    from course.content import suites
    from course.errors import LearnError
    from course.learner import situation

    try:
        here = situation.here()
        chosen = situation.meant(here, context.params.get("exercise"))
        sentences = suites.sentences(here.places.suite(chosen.path))
    except LearnError:
        return []
    return [(check, sentence) for check, sentence in sentences.items() if check.startswith(incomplete)]


ExerciseName = Annotated[
    str | None, typer.Argument(metavar="EXERCISE", help="Its name or path.", autocompletion=exercise_names)
]
ExerciseNames = Annotated[
    list[str] | None, typer.Argument(metavar="EXERCISE...", help="Default: all.", autocompletion=exercise_names)
]
NoPager = Annotated[bool, typer.Option("--no-pager", help="All at once, not page by page.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object, or one a line.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="All of it: each check's findings and pictures whole.")]
