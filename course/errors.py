"""What can stop a command, told to whoever can act: the learner, the machine's owner, or us.

A learner's failing exercise is no error: it is a Finding (model.py).
"""

from __future__ import annotations

from course.model import ExitStatus


class LearnError(Exception):
    """Ends the command with one clear sentence; `remedy` says what to type or change."""

    status = ExitStatus.USAGE

    def __init__(self, wrong: str, remedy: str = "") -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.remedy = remedy


class UsageError(LearnError):
    """The command cannot do what was asked here: wrong folder, unknown name, busy workspace."""


class MachineLacks(LearnError):
    """Something outside the course is missing: a binary, a descriptor limit, disk space."""

    status = ExitStatus.MACHINE_LACKS


class CourseBug(LearnError):
    """Our mistake: a catalogue's missing key, a grader that broke. Says what to report."""

    status = ExitStatus.COURSE_BUG
