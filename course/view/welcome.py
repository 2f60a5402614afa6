"""What `learn` shows where there is no workspace yet; and the note that may stand above any screen."""

from __future__ import annotations

from collections.abc import Iterator

from course.view.progress import typed
from course.view.rows import BLANK, STALE, Row


def draw() -> Iterator[Row]:
    """The first screen of all."""
    yield Row("learn-asgi · from Django views to WSGI, ASGI and Channels")
    yield BLANK
    yield Row("This folder is no workspace, and none lies above it.")
    yield BLANK
    yield from typed(
        [
            ("learn tour", "the main job in about a minute; leaves nothing behind"),
            ("learn next", "makes your folder here, and the first exercise in it"),
        ]
    )


def note(text: str) -> Iterator[Row]:
    """What the learner should know about their progress file; nothing, mostly."""
    if text:
        yield Row(text, label=STALE, label_columns=2)
        yield BLANK
