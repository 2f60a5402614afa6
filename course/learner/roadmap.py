"""ROADMAP.md: the roadmap as a Markdown list, for the learner to read and write in. A view of progress.json.

A box is found by its exercise's path in backticks on the same line. Only the character between its brackets is ever
changed; a line that the learner has deleted stays deleted.
"""

from __future__ import annotations

import re
from pathlib import Path

from course.errors import UsageError
from course.files import replace_file
from course.learner.progress import ExerciseProgress, Progress
from course.model import Course, Exercise

_BOX = r"^(?P<before>[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[)(?P<mark>[ xX])(?P<after>\][^\r\n]*`{path}`)"
_HEAD = """\
# {title}

`learn check` ticks these boxes. What you write here stays; a line you delete stays away.
Delete the whole file, and it is made anew.
"""


def update(path: Path, course: Course, progress: Progress) -> None:
    """Bring the file's boxes up to date, or make it when it is gone.

    Raises MachineLacks or UsageError where the disk refuses.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        replace_file(path, render(course, progress).encode())
        return
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}.", "It must be a file that you may read."
        ) from error
    # Whatever the learner's editor saved, in whatever encoding, comes out as it went in.
    text = before = content.decode(errors="surrogateescape")
    for exercise in course.exercises:
        text = tick(text, exercise.path, ticked=_is_ticked(exercise, progress))
    if text != before:
        replace_file(path, text.encode(errors="surrogateescape"))


def render(course: Course, progress: Progress) -> str:
    """The whole file, as it is first made."""
    parts = [_HEAD.format(title=course.title)]
    for stage in course.stages:
        heading = stage.title if stage.number is None else f"Stage {stage.number} · {stage.title}"
        parts.append(f"\n## {heading}\n\n")
        parts += (_line(exercise, progress) for exercise in stage.exercises)
    return "".join(parts)


def tick(text: str, exercise_path: str, *, ticked: bool) -> str:
    """The text with the exercise's first box ticked or cleared; the same text when it has none or stands so."""
    box = re.compile(_BOX.replace("{path}", re.escape(exercise_path)), re.MULTILINE).search(text)
    if box is None or (box["mark"] != " ") == ticked:
        return text
    return f"{text[: box.start('mark')]}{'x' if ticked else ' '}{text[box.end('mark') :]}"


def _line(exercise: Exercise, progress: Progress) -> str:
    mark = "x" if _is_ticked(exercise, progress) else " "
    after = f", after {exercise.after}" if exercise.after else ""
    return f"- [{mark}] {exercise.title} (`{exercise.path}`{after})\n"


def _is_ticked(exercise: Exercise, progress: Progress) -> bool:
    """A stale tick, of work that was edited since, is a tick: `learn progress` says that it is stale."""
    return progress.exercises.get(exercise.path, ExerciseProgress()).is_ticked
