"""The kinds of events: what the probe tells, which imports nothing of ours, is what the harness expects of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from checker.harness.events import FROM_EVERYBODY, TOLD_FROM_INSIDE, is_sound
from tests.tree import ROOT

PROBE = ROOT / "checker" / "probe" / "learn_probe"
DESCRIBED = {"type", "message", "where", "traceback"}  # errors.described
PATIENT = "patient"  # how it is told, no fact


def told(folder: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Each `tell("kind", fact=...)` of these sources: the kind, and the names of its facts."""
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tell" and node.args:
                kind = ast.literal_eval(node.args[0])
                facts = {keyword.arg for keyword in node.keywords if keyword.arg not in (None, PATIENT)}
                is_error = any(keyword.arg is None for keyword in node.keywords)
                yield kind, frozenset(str(fact) for fact in facts) | (DESCRIBED if is_error else frozenset())


def test_the_probe_tells_each_kind_that_is_expected_of_it_and_no_other() -> None:
    expected = {str(kind) for kind in TOLD_FROM_INSIDE if not kind.startswith("container.")}
    assert {kind for kind, _ in told(PROBE)} == expected


def test_the_probe_tells_all_facts_that_are_read() -> None:
    lacking = {kind: TOLD_FROM_INSIDE[kind].keys() - facts for kind, facts in told(PROBE)}  # type: ignore[index]
    assert {kind: facts for kind, facts in lacking.items() if facts} == {}


def test_a_containers_network_tells_what_is_expected_of_it() -> None:
    source = (ROOT / "checker/harness/containers/inside/sitecustomize.py").read_text(encoding="utf-8")
    kinds = [kind for kind in TOLD_FROM_INSIDE if kind.startswith("container.")]
    assert len(kinds) == 2
    assert all(f'_tell("{kind}", ' in source for kind in kinds)
    assert all(f'"{fact}"' in source for kind in kinds for fact in {**FROM_EVERYBODY, **TOLD_FROM_INSIDE[kind]})


@pytest.mark.parametrize(
    ("kind", "facts", "may"),
    [
        ("lab.entered", {"pid": 1, "server": "site", "path": "/"}, True),
        ("lab.entered", {"pid": 1, "server": "site"}, False),
        ("lab.left", {"pid": 1, "server": "site"}, False),
        ("app.left", {"pid": 1, "server": "site", "request": "r1"}, True),
        ("app.left", {"pid": 1, "server": "site", "request": 1}, False),
        ("loop.resumed", {"pid": 1, "server": "site", "ms": 7}, True),
        ("loop.resumed", {"pid": 1, "server": "site", "ms": "7"}, False),
        ("app.left", {"request": "r1"}, False),
        ("process.killed", {"pid": 1, "server": "site"}, False),
    ],
)
def test_what_is_told_from_inside_has_its_facts(kind: str, facts: dict[str, object], *, may: bool) -> None:
    assert is_sound(kind, facts, {"lab.entered": {"path": str}}) is may


ROOMS_WITH_KINDS = sorted(path.parent for path in (ROOT / "checker").glob("*/*/kinds.py"))


@pytest.mark.parametrize("room", ROOMS_WITH_KINDS, ids=lambda room: room.name)
def test_what_an_exercises_own_programs_tell_is_among_its_kinds(room: Path) -> None:
    module = import_module(f"checker.{room.parent.name}.{room.name}.kinds")
    expected = getattr(module, "TOLD_FROM_INSIDE", {})
    assert expected.keys() <= set(module.Kind)
    if (room / "inside").is_dir():
        by_kind = dict(told(room / "inside"))
        assert by_kind.keys() - set(TOLD_FROM_INSIDE) == expected.keys()
        lacking = {kind: facts.keys() - by_kind[kind] for kind, facts in expected.items()}
        assert {kind: facts for kind, facts in lacking.items() if facts} == {}
