"""A fault in a file of the course, told to its author: no bug of the course to report, but work to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from course.errors import CourseBug, LearnError
from course.model import ExitStatus


class AuthorsFault(LearnError):
    """A file of the course is not as it must be; names it, with its key or line."""

    status = ExitStatus.NOT_YET


@contextmanager
def told_to_the_author() -> Iterator[None]:
    """Around the reading of the course's files: what is wrong in them is the reader's to mend."""
    try:
        yield
    except CourseBug as bug:
        raise AuthorsFault(bug.wrong, bug.remedy or "Mend that file of the course, then type it again.") from bug
