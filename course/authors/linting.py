"""What is wrong with the course's files themselves, without running anything: for `learn dev check` and our tests."""

from __future__ import annotations

import ast
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from course.authors import mistakes, promises
from course.authors.patches import Diff
from course.authors.proving import Case, cases
from course.content import catalogue, scaffold
from course.content.places import Places
from course.content.promises import without_names
from course.content.suites import parsed
from course.errors import LearnError
from course.model import LEFT_RUNNING, LEFT_RUNNING_SENTENCE, Course, Exercise
from course.shared.equipment import SERVERS

RIGHT_AT_LEAST = 3
WRONG_AT_LEAST = 6
LESSON_WORDS = range(400, 1400)
LIST_OF_CHECKS = "as `learn check` tells it"  # by these words a lesson promises to list them all
_BOLD = re.compile(r"\*\*[^*]+\*\*")
LESSON_HEADINGS = ("Why you care", "See it", "The idea", "Today's truth", "Fact check", "Build", "Read on")
OFFICIAL_HOSTS = {
    "asgi.readthedocs.io",
    "channels.readthedocs.io",
    "datatracker.ietf.org",
    "docs.djangoproject.com",
    "docs.docker.com",
    "docs.gunicorn.org",
    "docs.python.org",
    "github.com",
    "gunicorn.org",
    "html.spec.whatwg.org",
    "hypercorn.readthedocs.io",
    "nginx.org",
    "peps.python.org",
    "redis.io",
    "redis.readthedocs.io",
    "sqlite.org",
    "supervisord.org",
    "uvicorn.dev",
    "valkey.io",
    "www.freedesktop.org",
    "www.postgresql.org",
    "www.rfc-editor.org",
}
# Only the projects' own repositories.
OFFICIAL_REPOSITORIES = (
    "/django/",
    "/benoitc/gunicorn",
    "/encode/uvicorn",
    "/Kludex/uvicorn",
    "/pgjones/hypercorn",
    "/Supervisor/",
)


def problems(places: Places, course: Course) -> tuple[str, ...]:
    """Every problem as one sentence that begins with the path to mend; empty when all is well."""
    found = list(_strays(places, course))
    for exercise in course.exercises:
        if exercise.written:
            found += (f"{exercise.path}: {problem}" for problem in _exercise_problems(places, exercise))
    return tuple(found)


def _exercise_problems(places: Places, exercise: Exercise) -> Iterator[str]:
    try:
        hints = catalogue.hints(places, exercise.path)
        wanted = cases(places, exercise)
        checks, codes = suite_words(places.suite(exercise.path))
    except LearnError as error:
        yield error.wrong
        return
    for name in exercise.servers:
        if name not in SERVERS:
            yield f"exercise.toml: key 'servers' names {name!r}; known are {', '.join(SERVERS)}"
    yield from _case_problems(wanted, checks | {LEFT_RUNNING})
    yield from _mistake_problems(places, exercise, wanted)
    expected_codes = {case.code for case in wanted if case.code}
    for code in sorted((codes | expected_codes) - set(hints)):
        yield f"diagnosis {code!r} has no hints in hints.toml"
    yield from (
        f"diagnosis {code!r}: the first hint names one noun to look up, in **bold**"
        for code, (first, *_) in hints.items()
        if len(_BOLD.findall(first)) != 1
    )
    own = set(catalogue.own_hints(places, exercise.path))
    for code in sorted(own - expected_codes):
        yield f"no wrong solution proves the diagnosis {code!r}"
    lesson = places.lesson(exercise.path)
    text = lesson.read_text(encoding="utf-8") if lesson.is_file() else ""
    yield from _lesson_problems(without_names(text))
    yield from _list_problems(text, check_sentences(places.suite(exercise.path)))
    yield from promises.problems(text, {case.name: case.mistake.breaks for case in wanted if case.mistake})
    yield from _scaffold_problems(places, exercise)
    if not (places.reference(exercise.path) / "why.md").is_file():
        yield "right/reference/why.md is missing"


def _case_problems(wanted: tuple[Case, ...], checks: set[str]) -> Iterator[str]:
    kinds = Counter(case.kind for case in wanted)
    if kinds["right"] < RIGHT_AT_LEAST:
        yield f"{kinds['right']} right solutions; at least {RIGHT_AT_LEAST} in different styles are wanted"
    if kinds["wrong"] < WRONG_AT_LEAST:
        yield f"{kinds['wrong']} wrong solutions; at least {WRONG_AT_LEAST} are wanted"
    for case in wanted:
        if case.check and case.check not in checks:
            yield f"{case.kind} {case.name} expects {case.check!r}, which is no check"


def _mistake_problems(places: Places, exercise: Exercise, wanted: tuple[Case, ...]) -> Iterator[str]:
    """Each diff that does not fit its right solution."""
    by_style: dict[str, list[Diff]] = {}
    for case in wanted:
        if case.mistake and case.mistake.diff:
            by_style.setdefault(case.mistake.on, []).append(case.mistake.diff)
    for style, diffs in by_style.items():
        with tempfile.TemporaryDirectory(prefix="learn-lint-") as folder:
            project = Path(folder, "project")
            try:
                mistakes.lay_right(places, exercise, style, project)
            except LearnError:  # told of the scaffold, or by its own case
                continue
            for diff in diffs:
                try:
                    diff.changes(project)
                except LearnError as error:
                    yield error.wrong


def _lesson_problems(text: str) -> Iterator[str]:
    words = len(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
    if words not in LESSON_WORDS:
        yield f"lesson.md has {words} words; wanted are {LESSON_WORDS.start} to {LESSON_WORDS.stop}"
    headings = [line.removeprefix("## ").strip() for line in text.splitlines() if line.startswith("## ")]
    if [heading for heading in headings if heading in LESSON_HEADINGS] != list(LESSON_HEADINGS):
        yield f"lesson.md's headings must hold, in order: {', '.join(LESSON_HEADINGS)}"
    for link in re.findall(r"\]\((https?://[^)\s]+)\)", text):
        parts = urlsplit(link)
        is_official = parts.hostname in OFFICIAL_HOSTS
        if parts.hostname == "github.com" and not parts.path.startswith(OFFICIAL_REPOSITORIES):
            is_official = False
        if not is_official:
            yield f"lesson.md links to {parts.hostname}{parts.path}, which is no official document"


def _list_problems(text: str, sentences: list[str]) -> Iterator[str]:
    """Each check that is missing in the lesson's list of them, or stands out of its order, where it has such a list."""
    _, begins, rest = text.partition(LIST_OF_CHECKS)
    listed = " ".join(rest.partition("\n## ")[0].split())
    if not begins:
        return
    at = 0
    for sentence in [*sentences, LEFT_RUNNING_SENTENCE]:
        found = listed.find(" ".join(sentence.removesuffix(".").split()), at)
        if found < 0:
            yield f"lesson.md's list of checks lacks, in this place: {sentence}"
        at = max(at, found)


def _scaffold_problems(places: Places, exercise: Exercise) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="learn-lint-") as folder:
        project = Path(folder, "project")
        try:
            scaffold.issue(places, exercise, project)
        except LearnError as error:
            yield error.wrong
            return
        for name in (*exercise.your_work, *exercise.given):
            if not (project / name).exists():
                yield f"exercise.toml names {name!r}, which the scaffold does not make"


def suite_words(suite: Path) -> tuple[set[str], set[str]]:
    """The checks that an exercise's check files define, and those diagnosis codes that can be read off its modules.

    Such a code is the first argument of `fail`, or the argument `code`. For the others see reporter.py, which refuses
    what has no hints. Raises CourseBug for a module that is no Python.
    """
    modules = {path: parsed(path) for path in sorted(suite.rglob("*.py"))}
    functions = {
        node.name
        for path, module in modules.items()
        if path.name.startswith("test_")
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
    }
    codes = {code for module in modules.values() for code in _codes(module)}
    return {function for function in functions if function.startswith("test_")}, codes


def check_sentences(suite: Path) -> list[str]:
    """What each check of an exercise says on the learner's screen, in the order in which they run."""
    return [
        (ast.get_docstring(node) or "").partition("\n\n")[0]
        for path in sorted(suite.glob("test_*.py"))
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _codes(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            arguments = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if getattr(node.func, "id", "") == "fail":
                arguments += node.args[:1]
            yield from (a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _strays(places: Places, course: Course) -> Iterator[str]:
    known = {exercise.path for exercise in course.exercises}
    stages = {stage.name for stage in course.stages}
    names = Counter(exercise.name for exercise in course.exercises)
    yield from (f"{name}: two exercises have this name" for name, count in names.items() if count > 1)
    written = {exercise.path for exercise in course.exercises if exercise.written}
    for room in ("exercises", "solutions", "checker"):
        for folder in sorted(places.rooms.glob(f"{room}/*/*/")):
            path = f"{folder.parent.name}/{folder.name}"
            is_stage = folder.parent.name in stages
            if is_stage and path not in known and "__pycache__" not in path:
                yield f"{room}/{path}: stage.toml does not name it"
    for path in sorted(written):
        if not any(places.suite(path).glob("test_*.py")):
            yield f"checker/{path}: no check file test_*.py"
