"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import re

from checker.harness.lines import own_code, own_line
from checker.harness.run import Run
from course.model import SourceLine

ASGI_FILE = "board/asgi.py"


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all."""
    return own_line(run, ASGI_FILE, *patterns)


def application(run: Run) -> SourceLine | None:
    """Where `application` is made, when it is not a function or a class."""
    return line(run, r"^application\b.*=") or line(run, r"get_asgi_application\(\)")


def dispatch(run: Run) -> SourceLine | None:
    """Where it is asked what type a scope has."""
    return line(run, r"""scope\[["']type["']\]""", r"ProtocolTypeRouter\(", r"""["']http["']""")


def serves(run: Run) -> SourceLine | None:
    """Where `http` is told from other types, or Django is called; else where types are told from each other."""
    django = line(run, r"^\w+ = get_asgi_application\(")
    called = [rf"await {django.doing.split()[0]}\("] if django else []
    return line(run, r"""["']http["']""", *called) or dispatch(run)


def starts(run: Run) -> SourceLine | None:
    """Where messages of a lifespan are taken: two of them in one line; else where it is told which one has come."""
    return line(run, r"receive\(\).*receive\(\)", r"lifespan\.startup(?!\.)") or opens(run) or dispatch(run)


def opens(run: Run) -> SourceLine | None:
    """Where a feed is opened."""
    return line(run, r"\bFeed\.open\(", r"\.open\(")


def opens_for_visitors(run: Run) -> SourceLine | None:
    """The last such line: who writes two has the lifespan's above."""
    lines = _lines(run, r"\bFeed\.open\(") or _lines(run, r"\.open\(")
    return lines[-1] if lines else None


def closes(run: Run) -> SourceLine | None:
    """Where a feed is closed."""
    return line(run, r"feed\.close\(", r"\.close\(\)")


def keeps(run: Run) -> SourceLine | None:
    """Where the open feed is put into a state; else where it is opened."""
    return line(run, r"""["']state["']""", r"""["']feed["']""") or opens(run)


def outlives(run: Run) -> SourceLine | None:
    """Where the visitor's own end of the wire is kept from Django: a task of its own, or another `receive`."""
    return line(run, r"\bshield\(", r"\b(?:create_task|ensure_future)\(", r"def \w*receive", r"http\.disconnect")


def holds_back(run: Run) -> SourceLine | None:
    """Where chunks are kept instead of passed on."""
    return line(run, r"\.(?:append|extend)\(", r"\+=", r"more_body")


def timing(run: Run) -> SourceLine | None:
    """Where Server-Timing is written; else where Django's answer gets past it."""
    return line(run, r"(?i)server-timing", r"dur=") or serves(run)


def takes(run: Run) -> SourceLine | None:
    """Where a message of the visitor's is taken, or its scope is changed."""
    return line(run, r"http\.request", r"receive\(\)", r"query_string", r"\*\*scope", r"dict\(scope")


def path(run: Run) -> SourceLine | None:
    """Where the path is changed; else whatever else is of the visitor's."""
    return line(run, r"\bunquote\(", r"""["'](?:raw_)?path["']""") or takes(run)


def answers(run: Run) -> SourceLine | None:
    """Where the head of an answer is changed."""
    return line(run, r"\bdict\(.*headers", r"headers", r"status")


def _lines(run: Run, pattern: str) -> list[SourceLine]:
    return [place for place in own_code(run, ASGI_FILE) if re.search(pattern, place.doing)]
