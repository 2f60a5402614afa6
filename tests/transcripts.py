"""Golden screens: what rows look like, held against a file in tests/transcripts/.

LEARN_WRITE_TRANSCRIPTS=1 writes the files anew; look at the difference before it is committed.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from pathlib import Path

from course.view.rows import Drawn
from course.view.screens import Screen

FOLDER = Path(__file__).parent / "transcripts"


def shown(rows: Iterable[Drawn], columns: int = 80, *, colour: bool = False) -> str:
    """What a screen of this width shows."""
    stream = io.StringIO()
    Screen(stream, columns, colour).show(rows)
    return stream.getvalue()


def normalised(text: str) -> str:
    """With times, pids, ports and paths replaced, which differ from run to run."""
    for pattern, instead in (
        (r"\d+\.\d s\b", "0.0 s"),
        (r"\b\d+ ms\b", "0 ms"),
        (r"pid \d+", "pid 0"),
        (r"127\.0\.0\.1:(?!8000)\d+", "127.0.0.1:0"),
        (r"(/[\w.-]+)+/(wsgi-asgi|rooms)", r"/\2"),
    ):
        text = re.sub(pattern, instead, text)
    return text


def hold(name: str, text: str) -> None:
    """Assert that `text` is what tests/transcripts/<name>.txt holds."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get("LEARN_WRITE_TRANSCRIPTS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
