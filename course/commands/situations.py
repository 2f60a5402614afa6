"""Where the learner stands, for the commands that need a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.learner.situation import Situation


def here() -> Situation:
    """The workspace around the current folder, read; what is to be said of its progress file is said."""
    from course.learner import situation
    from course.view import screens, welcome

    found = situation.here()
    # On stderr: what follows on stdout may be JSON.
    screens.stderr().show(welcome.note(found.note))
    return found
