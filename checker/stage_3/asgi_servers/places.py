"""The line at fault in serve.py and what else is the learner's, found by what stands in it. Runs nothing."""

from __future__ import annotations

from checker.harness.lines import own_line
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
    return own_line(run, FILE, *patterns)
