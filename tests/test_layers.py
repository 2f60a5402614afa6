"""Who may import whom: only downwards, and across rooms only by the doors that are meant for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.tree import ROOT, files

# From the ground up. A module imports from its own layer and from those above it in this list.
ROOMS = ("shared", "content", "grading", "learner authors", "view", "commands")
LAYERS = ("course", "model pictures", "errors", "files parameters", *ROOMS, "cli", "__main__")
HEIGHTS = {name: height for height, names in enumerate(LAYERS) for name in names.split()}
FOR_THE_CHECKER = ("course.model", "course.pictures", "course.errors", "course.shared")
READS_AND_WRITES = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "rename"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the program, parsed, by its dotted name."""
    sources = [path for path in files() if path.suffix == ".py" and path.parts[0] in {"cli.py", "course", "checker"}]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in sources}
    return {name: ast.parse((ROOT / path).read_text(encoding="utf-8")) for name, path in names.items()}


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """What a module of this package imports anywhere in it, but for what only the type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = ".".join(filter(None, [package if node.level else "", node.module]))
            full = (f"{source}.{alias.name}" for alias in node.names)
            yield from (name if name in modules() else source for name in full)
        else:
            yield from imported(node, package)


@cache
def imports_of(name: str) -> frozenset[str]:
    """What one module imports."""
    return frozenset(imported(modules()[name], name.rpartition(".")[0])) - {name}


def imports(room: str) -> Iterator[tuple[str, str]]:
    """(module, what it imports) for every module of a room."""
    yield from ((name, other) for name in modules() if is_in(name, room) for other in sorted(imports_of(name)))


def is_in(name: str, *rooms: str) -> bool:
    """Whether a module is one of these, or lies in one of them."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def height(name: str) -> int:
    """The layer of a room or module of `course`, or of cli.py."""
    parts = name.split(".")
    return HEIGHTS[parts[1] if len(parts) > 1 else parts[0]]


def test_every_module_of_the_course_has_its_layer() -> None:
    names = {name.split(".")[1] for name in modules() if name.startswith("course.")}
    assert names - set(HEIGHTS) == set(), "put it into a room, or into LAYERS"


def test_imports_lead_downwards() -> None:
    pairs = [*imports("course"), *imports("cli")]
    upwards = [(name, other) for name, other in pairs if is_in(other, "course", "cli") and height(other) > height(name)]
    assert upwards == []


def test_learners_and_authors_do_not_meet() -> None:
    pairs = [*imports("course.learner"), *imports("course.authors")]
    assert [p for p in pairs if is_in(p[0], "course.learner") and is_in(p[1], "course.authors")] == []
    assert [p for p in pairs if is_in(p[0], "course.authors") and is_in(p[1], "course.learner")] == []


def test_no_imports_go_in_a_circle() -> None:
    below = {name: imports_of(name) & set(modules()) for name in modules()}
    done: set[str] = set()
    while free := {name for name, others in below.items() if name not in done and others <= done}:
        done |= free
    assert set(below) - done == set()


def test_the_course_starts_the_checker_and_never_imports_it() -> None:
    assert [pair for pair in (*imports("course"), *imports("cli")) if is_in(pair[1], "checker")] == []


def test_nobody_imports_exercises_or_solutions() -> None:
    pairs = [*imports("course"), *imports("cli"), *imports("checker")]
    assert [pair for pair in pairs if is_in(pair[1], "exercises", "solutions")] == []


def test_the_checker_takes_only_values_from_the_course() -> None:
    pairs = [pair for pair in imports("checker") if is_in(pair[1], "course", "cli")]
    assert [pair for pair in pairs if not is_in(pair[1], *FOR_THE_CHECKER)] == []


def test_the_harness_knows_no_check() -> None:
    pairs = [pair for pair in imports("checker.harness") if is_in(pair[1], "checker")]
    assert [pair for pair in pairs if not is_in(pair[1], "checker.harness")] == []


def test_what_runs_inside_a_server_imports_nothing_of_ours() -> None:
    # There our rooms are not on the path.
    rooms = ("checker.probe", "checker.zygote", "checker.harness.containers.inside")
    pairs = [pair for room in rooms for pair in imports(room)]
    assert [pair for pair in pairs if is_in(pair[1], "course", "cli", "checker.harness")] == []


def test_only_the_screens_use_rich() -> None:
    users = {name for room in ("course", "cli", "checker") for name, other in imports(room) if is_in(other, "rich")}
    assert {name for name in users if not is_in(name, "course.view")} == set()


def test_only_what_watches_imports_what_watches_files() -> None:
    users = {name for name in modules() if any(is_in(other, "watchfiles") for other in imports_of(name))}
    assert users == {"course.learner.changes"}


def test_the_screens_touch_no_files() -> None:
    called = [
        (name, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        for name, tree in modules().items()
        if is_in(name, "course.view")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]
    assert [call for call in called if call[1] in READS_AND_WRITES] == []
