"""What holds for every file of the repository: no machine's path, no registry's address, no long file, no drift."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import course
from course.model import ExitStatus
from tests.tree import ROOT, files

LONGEST_LINES = 400
CONSTRAINTS = Path("constraints.txt")
GENERATED = (CONSTRAINTS, Path("checker/README.md"))
# Written in two halves, so that this file may hold them.
REGISTRY_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "anaconda" + ".org")
# A folder of one person's or one machine's, rather than one that the text made up.
MACHINE_PATHS = re.compile(
    r"(?<![\w.~-])/(?:Users/\w+/|home/(?!app/|learner/)\w+/|root/|work/|workspace/|mnt/|opt/py|tmp/lab)"
)
ENGINE = ("course", "cli.py", "checker/harness")
TEXTS = tuple(path for path in files() if path.suffix not in {".png", ".svg", ".ico", ".gz"})


def read(path: Path) -> str:
    """A file of the repository, as text."""
    return (ROOT / path).read_text(encoding="utf-8")


def where(pattern: re.Pattern[str], paths: tuple[Path, ...] = TEXTS) -> list[str]:
    """Every line that matches, as file:line."""
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(read(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_registrys_host() -> None:
    assert where(re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))) == []


def test_no_file_holds_an_absolute_path_of_a_machine() -> None:
    others = tuple(path for path in TEXTS if path != Path("tests/test_repository.py"))
    assert where(MACHINE_PATHS, others) == []
    assert where(re.compile(re.escape(str(ROOT) + "/")), others) == []


def test_no_file_is_longer_than_400_lines() -> None:
    code = (path for path in TEXTS if path not in GENERATED and path.suffix != ".csv")
    lengths = {str(path): len(read(path).splitlines()) for path in code}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_LINES} == {}


def test_no_line_ends_in_white_space() -> None:
    # Markdown too: a line break there is a backslash.
    assert where(re.compile(r"[ \t\r]$")) == []


def test_every_file_ends_in_one_line_end() -> None:
    assert [str(path) for path in TEXTS if (text := read(path)) and not re.search(r"[^\n]\n\Z", text)] == []


def test_no_conflict_is_left_in_a_file() -> None:
    assert where(re.compile(r"^(<{7}|>{7}|\|{7}) ")) == []


def test_only_the_makefile_holds_tabs() -> None:
    assert where(re.compile("\t"), tuple(path for path in TEXTS if path != Path("Makefile"))) == []


def test_every_script_can_be_started() -> None:
    scripts = [
        path
        for path in TEXTS
        if read(path).startswith("#!")
        and path.parts[0] not in {"exercises", "solutions"}
        and path.suffix != ".jinja"  # a file of a new exercise, before it is one
    ]
    assert Path(".ci/run") in scripts
    assert [str(path) for path in scripts if not (ROOT / path).stat().st_mode & 0o111] == []


def test_the_engine_knows_no_exercise() -> None:
    course_stages = [tomllib.loads(read(path)) for path in files() if path.name == "stage.toml"]
    paths = {f"{path.parent.name}/{name}" for path in files() if path.name == "stage.toml"
             for name in tomllib.loads(read(path))["exercises"]}  # fmt: skip
    # A box may be named by a common word, as `groups` is. Where its name has two words, the name alone gives it away.
    names = {name for stage in course_stages for name in stage["exercises"] if "_" in name}
    engine = [path for path in files() if path.suffix == ".py" and path.as_posix().startswith(ENGINE)]
    told = {f"{path}: {word!r}" for path in engine for word in _words(path) for name in names | paths if name in word}
    assert told == set()


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_django_is_pinned_for_each_python(version: str) -> None:
    pins = re.findall(r"^django==(\d+)\.\S+ ; (python_full_version (?:<|>=) '3\.12')", read(CONSTRAINTS), re.MULTILINE)
    wanted = {"3.11": ("5", "python_full_version < '3.12'"), "3.12": ("6", "python_full_version >= '3.12'")}
    assert wanted[version] in pins


def test_every_dependency_is_pinned_with_hashes() -> None:
    project = tomllib.loads(read(Path("pyproject.toml")))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^\w-]", text, maxsplit=1)[0].replace("_", "-").lower() for text in wanted}
    pins = read(CONSTRAINTS).split("\n    # via")
    pinned = {
        match[1] for pin in pins if (match := re.search(r"^([\w-]+)==[^\n]+\\\n +--hash=sha256:", pin, re.MULTILINE))
    }
    assert names - pinned == set()


def test_the_build_tool_is_pinned_too() -> None:
    requires = tomllib.loads(read(Path("pyproject.toml")))["build-system"]["requires"]
    assert requires == ["hatchling>=1.27"]
    assert re.search(r"^hatchling==", read(CONSTRAINTS), re.MULTILINE)


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n## {course.__version__}\n" in read(Path("CHANGELOG.md"))


def test_the_readme_lists_every_exit_status() -> None:
    listed = {int(status) for status in re.findall(r"^\| (\d+) \|", read(Path("README.md")), re.MULTILINE)}
    assert listed == set(ExitStatus)


def _words(path: Path) -> Iterator[str]:
    """Every name of a module and every string of one word: docstrings and sentences may give examples."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
