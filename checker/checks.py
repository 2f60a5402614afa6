"""The checks of a suite before they run: their sentences, what each needs, and which of them are wanted.

A fault in them is the author's: it is told before anything starts, with the file and the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from checker.cause import defined
from checker.harness.suite import NEEDS


class AuthorsFault(Exception):
    """A check file cannot be run as it is; says where and why."""


def sentences(items: Sequence[pytest.Item], suite: Path) -> dict[str, str]:
    """The line on the learner's screen for each check: the beginning of its docstring. Raises AuthorsFault."""
    return {item.name: _sentence(item, suite) for item in items}


def needed_by(item: pytest.Item) -> Iterator[str]:
    """The checks that this one names in its `@needs`."""
    for mark in item.iter_markers(NEEDS):
        yield from mark.args


def wanted(items: Sequence[pytest.Item], only: Sequence[str], suite: Path) -> list[pytest.Item]:
    """Those of these names and all that they need, at any remove, in their order; all where no name is given.

    Raises AuthorsFault where a check needs one that does not exist, or where `only` names one.
    """
    by_name = {item.name: item for item in items}
    needs = {item.name: tuple(needed_by(item)) for item in items}
    for item in items:
        for name in needs[item.name]:
            if name not in by_name:
                raise AuthorsFault(f"{_at(item, suite)}: {item.name} needs {name!r}, which is no check")
    for name in only:
        if name not in by_name:
            raise AuthorsFault(f"there is no check {name!r}; there are: {', '.join(by_name)}")
    chosen = _closed(set(only or by_name), needs)
    return [item for item in items if item.name in chosen]


def _closed(names: set[str], needs: Mapping[str, Sequence[str]]) -> set[str]:
    further = {needed for name in names for needed in needs[name]} - names
    return _closed(names | further, needs) if further else names


def _sentence(item: pytest.Item, suite: Path) -> str:
    doc = getattr(getattr(item, "function", None), "__doc__", None) or ""
    first = " ".join(doc.split("\n\n")[0].split())
    if not first:
        raise AuthorsFault(
            f"{_at(item, suite)}: {item.name} has no docstring: it is the sentence on the learner's screen"
        )
    return first.removesuffix(".")


def _at(item: pytest.Item, suite: Path) -> str:
    function = getattr(item, "function", None)
    return str(item.path) if function is None else defined(function, suite)
