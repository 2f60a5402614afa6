"""The line at fault in serve.py and what else is the learner's, found by what stands in it. Runs nothing."""

from __future__ import annotations

import re
from pathlib import Path

from checker.harness.learner_files import text_of
from checker.harness.run import Run
from course.model import SourceLine

FILE = "serve.py"


def app(run: Run) -> SourceLine | None:
    """Where the app is named."""
    return line(run, r"parcels\.asgi")


def server(run: Run, name: str) -> SourceLine | None:
    """Where this server is started: by its own name, or where it is told from the others."""
    package = "gunicorn" if name.startswith("gunicorn") else name
    own = {
        "gunicorn-uvicorn": r"UvicornWorker",
        "gunicorn-asgi": r"""["']asgi["']""",
        "uvicorn": r"uvicorn\.(run|Config)",
    }
    patterns = [own[name]] if name in own else []
    alone = rf"""^(?!\s*[A-Z_]+\s*=)(?!.*choices).*["']{package}["']"""  # no list of all their names
    return line(run, *patterns, rf"""(case|==).*["']{name}["']""", alone, r"\.run\(")


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs, serve.py's first, that the first of these patterns is found in that is found at all."""
    for pattern in patterns:
        for file in _files(run):
            is_quoted = False
            for number, text in enumerate(text_of(run.project / file).splitlines(), 1):
                quotes = text.count('"""')
                if not is_quoted and not quotes and not text.lstrip().startswith("#") and re.search(pattern, text):
                    return SourceLine(file, number, doing=text.strip())
                is_quoted ^= quotes % 2 == 1
    return None


def _files(run: Run) -> list[str]:
    found = sorted(path.relative_to(run.project).as_posix() for path in Path(run.project).rglob("*.py"))
    theirs = [file for file in found if file not in run.given]
    return sorted(theirs, key=lambda file: file != FILE)
