"""Each finding that a check writes tells the facts that the hints of its code use: else it is a bug of the course."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from course.content import catalogue
from course.content.places import Places
from course.content.suites import parsed
from course.shared.facts import named_in

PLACES = Places()
OF_THE_PLACE = {"file", "line"}  # known by the finding's `where`
WRITTEN = [exercise.path for exercise in catalogue.read(PLACES).exercises if exercise.written]


@pytest.mark.parametrize("path", WRITTEN)
def test_no_finding_lacks_a_fact_of_its_hints(path: str) -> None:
    hints = catalogue.hints(PLACES, path)
    found = {}
    for module in sorted(PLACES.suite(path).rglob("*.py")):
        for line, code, told in literal_findings(parsed(module)):
            if lacks := named_in(hints.get(code, ())) - told - OF_THE_PLACE:
                found[f"{module.name}:{line} {code}"] = lacks
    assert found == {}


def literal_findings(module: ast.Module) -> Iterator[tuple[int, str, set[object]]]:
    """The line of each `fail("code", ...)` whose facts stand there, if it has any; its code, and their names."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="fail"), args=[ast.Constant(value=str(code))]):
                facts = {keyword.arg: keyword.value for keyword in node.keywords}.get("facts", ast.Dict([], []))
                if isinstance(facts, ast.Dict):
                    yield node.lineno, code, {key.value for key in facts.keys if isinstance(key, ast.Constant)}
