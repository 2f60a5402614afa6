"""Where in the learner's shop a finding points: the lines that make a limit, take a slot, give it back, or refuse."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from checker.harness.lines import line_matching
from course.model import SourceLine

CONF = "gunicorn.conf.py"
CODE = r"(?!\s*(?:#|from\b|import\b)).*"
# What gunicorn.conf.py sets that decides who finds a place.
SIZES = [r"\s*threads\b.*=", r"\s*workers\b.*=", r"\s*worker_class\b.*="]
SEMAPHORE = rf"{CODE}\b(?:Bounded)?Semaphore\("
LOCK = rf"{CODE}\bR?Lock\("
FLOCK = rf"{CODE}\b(?:(?:flock|lockf)\(|F_SETLK\b)(?!.*LOCK_UN)"
COMPARISON = r"\s*(?:el)?if\b.*[<>]"
REFUSES = rf"{CODE}\b(?:503|SERVICE_UNAVAILABLE)\b"
# Of a limit that fails, the line to begin with: where it is made, or at least refuses.
LIMITS = [SEMAPHORE, FLOCK, COMPARISON, LOCK, REFUSES]
TAKES = [rf"{CODE}\.acquire\(", FLOCK, r"\s*[\w.]+ \+= 1\b"]
GIVES_BACK = [rf"{CODE}\.release\b", rf"{CODE}\bLOCK_UN\b", r"\s*[\w.]+ -= 1\b"]
# What processes count with together, whoever makes it: files, the database, and Django's caches in either.
SHARED = [
    FLOCK,
    rf"{CODE}(?:\bopen|\.write_text|\.mkdir|\.touch)\(",
    rf"{CODE}\b(?:INSERT|UPDATE)\b",
    rf"{CODE}\bcache\.(?:filebased|db)\b",
]
# What they count with together when it is made before the fork; gunicorn.conf.py often asks for cpu_count.
MULTIPROCESSING = (
    rf"(?!.*\bcpu_count\b)(?:\s*from multiprocessing\b|\s*import multiprocessing as\b|{CODE}\bmultiprocessing\.)"
)
# With preload_app these are run before the fork. Django imports urls and views with the first request, in each worker.
BEFORE_THE_FORK = (CONF, "shop/wsgi.py", "shop/apps.py", "shop/settings.py")
GIVEN = "shop/slow_database.py"


class Places:
    """The lines of one project that its findings point at; each is None where there is no such line."""

    def __init__(self, project: Path) -> None:
        self._project = project

    @property
    def limit(self) -> SourceLine | None:
        """The line that makes the limit, or refuses."""
        return self._line(*LIMITS)

    @property
    def takes(self) -> SourceLine | None:
        """The line that takes a slot, or else makes the limit."""
        return self._line(*TAKES) or self._entered(SEMAPHORE) or self.limit

    @property
    def gives_back(self) -> SourceLine | None:
        """The line that gives a slot back, or else makes the limit."""
        return self._line(*GIVES_BACK) or self.limit

    @property
    def refuses(self) -> SourceLine | None:
        """The line that refuses with status 503."""
        return self._line(REFUSES)

    @property
    def comes_again(self) -> SourceLine | None:
        """The line that says when to come again, or else the one that refuses."""
        return self._line(rf"{CODE}\bRetry-After\b") or self.refuses

    @property
    def excludes(self) -> SourceLine | None:
        """The line that holds a lock, which lets one in; else the one that waits in the database."""
        return self._entered(LOCK) or self.query

    @property
    def is_shared(self) -> bool:
        """Whether something counts for all processes together: a file, say, or what is made before gunicorn forks."""
        if self._line(SEMAPHORE) is not None:
            return self._is_made_before_the_fork
        return self._is_made_before_the_fork or self._line(*SHARED) is not None

    @property
    def size(self) -> SourceLine | None:
        """The line of gunicorn.conf.py that says how many requests find a place."""
        return line_matching(self._project, CONF, SIZES)

    @property
    def query(self) -> SourceLine | None:
        """The line that waits in the database: the one that names the SQL function `slow`."""
        for file in sorted(self._project.glob("shop/**/*.py")):
            place = _query_in(file, str(file.relative_to(self._project)))
            if place is not None:
                return place
        return None

    def answers(self, status: int) -> SourceLine | None:
        """The line that names this status, or else refuses with another, or makes the limit."""
        return self._line(rf"{CODE}\b{status}\b") or self.refuses or self.limit

    @property
    def _is_made_before_the_fork(self) -> bool:
        made = self._line(MULTIPROCESSING)
        if made is None or line_matching(self._project, CONF, [r"\s*preload_app\s*=\s*True\b"]) is None:
            return False
        module = Path(made.file).stem
        names = [rf"\s*(?:from|import)\b.*\b(?:urls|{module})\b", rf"(?!\s*#).*\bshop\.{module}\."]
        return made.file in BEFORE_THE_FORK or any(
            line_matching(self._project, file, names) for file in BEFORE_THE_FORK
        )

    def _entered(self, making: str) -> SourceLine | None:
        """The `with` line that enters what is made there."""
        made = self._line(making)
        name = re.match(r"\s*(?:self\.)?(\w+)", made.doing) if made is not None else None
        return self._line(rf"\s*with\b.*\b{name[1]}\b") if name is not None else None

    def _line(self, *patterns: str) -> SourceLine | None:
        shop = [str(file.relative_to(self._project)) for file in sorted(self._project.glob("shop/**/*.py"))]
        files = [CONF, *(file for file in shop if file != GIVEN)]
        found = (line_matching(self._project, file, [pattern]) for pattern in patterns for file in files)
        return next((line for line in found if line is not None), None)


def line_of(name: str, text: str) -> int:
    """The number of the line that sets `name`; 1 when none does."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(name)), 1)


def _query_in(path: Path, file: str) -> SourceLine | None:
    for function in ast.walk(tree_of(path)):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Constant) and "slow(%s)" in str(node.value):
                    doing = text_of(path).splitlines()[node.lineno - 1 : node.lineno]
                    return SourceLine(file, node.lineno, function.name, "".join(doing).strip())
    return None
