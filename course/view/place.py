"""A line of the learner's code on the screen: its path from where they stand, what it says, and a link to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from course.learner import code
from course.model import SourceLine
from course.view import links
from course.view.rows import Piece


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that a finding's files are relative to, and the folder in which the learner stands.

    Without them a place is told as the finding has it. `is_as_graded` is False once the files may have been edited.
    """

    folder: Path | None = None
    standing: Path | None = None
    is_as_graded: bool = False


NOWHERE = Project()


def project_in(workspace: Path, exercise: str, *, is_as_graded: bool = False) -> Project:
    """An exercise's folder in a workspace, as seen from the current folder. From outside, as from the exercise's."""
    folder = (workspace / exercise).resolve()
    standing = Path.cwd()
    is_inside = standing.is_relative_to(workspace.resolve())
    return Project(folder, standing if is_inside else folder, is_as_graded)


def drawn(where: SourceLine, project: Project = NOWHERE) -> tuple[Piece, str]:
    """`shop/views.py:14 report()` and `time.sleep(1)`: where it is, with a link to it, and what stands there."""
    function = f" {where.function}()" if where.function and where.function != "<module>" else ""
    if project.folder is None or project.standing is None:
        return Piece(f"{where.file}:{where.line}{function}"), where.doing
    says = where.doing or (code.text_of(project.folder, where) if project.is_as_graded else "")
    file = project.folder / where.file
    shown = os.path.relpath(file, project.standing)
    return Piece(f"{shown}:{where.line}{function}", link=links.to_line(file, where.line)), says
