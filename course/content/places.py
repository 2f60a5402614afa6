"""Where the course's rooms lie, and the one rule that turns an exercise into its paths.

In a checkout the rooms lie beside `course/`; in an installed wheel inside it, at `course/_rooms/`. For authors,
LEARN_ROOMS points to another course: a folder with exercises/, solutions/ and checker/stage_N/. The harness stays ours.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REFERENCE = "reference"
MISTAKE_ENDING = ".diff"

_HERE = Path(__file__).resolve().parents[1]
_INSTALLED = _HERE / "_rooms"

ROOMS = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent
IS_CHECKOUT = ROOMS != _INSTALLED
_COURSE = Path(os.environ.get("LEARN_ROOMS") or ROOMS).absolute()


@dataclass(frozen=True, slots=True)
class Places:
    """The path rule. `rooms` holds `exercises/`, `solutions/` and `checker/` (or a toy course's)."""

    rooms: Path = _COURSE

    @property
    def course_file(self) -> Path:
        """The course's title and the order of its stages."""
        return self.rooms / "exercises" / "course.toml"

    @property
    def shared_hints_file(self) -> Path:
        """Hints for the diagnoses every exercise can meet."""
        return self.rooms / "exercises" / "hints.toml"

    def stage_file(self, stage: str) -> Path:
        """A stage's title and the order of its exercises."""
        return self.rooms / "exercises" / stage / "stage.toml"

    def exercise(self, path: str) -> Path:
        """The folder of exercise.toml, lesson.md, hints.toml and scaffold/."""
        return self.rooms / "exercises" / path

    def exercise_file(self, path: str) -> Path:
        """The exercise's facts."""
        return self.exercise(path) / "exercise.toml"

    def lesson(self, path: str) -> Path:
        """The lesson, in Markdown."""
        return self.exercise(path) / "lesson.md"

    def hints_file(self, path: str) -> Path:
        """Three hints for each of the exercise's own diagnosis codes."""
        return self.exercise(path) / "hints.toml"

    def scaffold(self, path: str) -> Path:
        """What `learn next` copies: plain files and Jinja2 templates (*.jinja)."""
        return self.exercise(path) / "scaffold"

    def suite(self, path: str) -> Path:
        """The checks, in files test_*.py, with all that only they use; `inside/` runs beside the learner's code."""
        return self.rooms / "checker" / path

    def stack(self, path: str) -> Path:
        """The file that has the servers of stage_N/NAME stand, for its checks and for `learn run`."""
        return self.suite(path) / "stack.py"

    def solutions(self, path: str) -> Path:
        """Holds `right/<style>/`, each an overlay on the scaffold, and `wrong/<mistake>.diff`, each on a right one."""
        return self.rooms / "solutions" / path

    def right(self, path: str, style: str) -> Path:
        """One right solution."""
        return self.solutions(path) / "right" / style

    def mistake(self, path: str, name: str) -> Path:
        """One wrong solution, as a diff."""
        return self.solutions(path) / "wrong" / f"{name}{MISTAKE_ENDING}"

    def reference(self, path: str) -> Path:
        """The right solution that `learn solution` shows."""
        return self.right(path, REFERENCE)
