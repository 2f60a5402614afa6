"""A lesson in the terminal, page by page where somebody watches."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from dataclasses import replace

from course.view import markdown
from course.view.screens import Screen


def page(text: str, screen: Screen) -> None:
    """Show the lesson: in the pager on a terminal, at once elsewhere."""
    pager = _pager() if screen.live else None
    if pager is None:
        screen.show(markdown.draw(text, screen))
        return
    drawn = io.StringIO()
    replace(screen, stream=drawn).show(markdown.draw(text, screen))
    # -F: a lesson shorter than the screen needs no key to leave; -R: colours as colours.
    environment = {"LESS": "-FR", **os.environ}
    subprocess.run(pager, input=drawn.getvalue(), encoding="utf-8", env=environment, check=False)


def _pager() -> list[str] | None:
    import shlex

    wanted = shlex.split(os.environ.get("PAGER") or "less")
    return wanted if wanted and shutil.which(wanted[0]) else None
