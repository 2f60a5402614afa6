"""Facts in hints: `{{ workers }}` in a hint stands for what the finding it belongs to knows of this run.

A finding's own facts are the names and numbers that its check handed to `fail(facts={...})`; `file` and `line` come
from its `where`. Two braces and blanks, since hints quote code, which has braces of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from course.model import Fact, Finding

_NAMED = re.compile(r"\{\{ ([a-z_]+) \}\}")


def named_in(texts: Sequence[str]) -> frozenset[str]:
    """The facts that these hints use."""
    return frozenset(name for text in texts for name in _NAMED.findall(text))


def known_of(finding: Finding) -> dict[str, Fact]:
    """All facts of a finding, with `file` and `line` when it says where."""
    place: dict[str, Fact] = {}
    if finding.where is not None:
        place = {"file": finding.where.file, "line": finding.where.line}
    return {**place, **finding.facts}


def filled(text: str, facts: Mapping[str, Fact]) -> str:
    """The hint with its facts. One that is not known (the run is older than the hint) leaves its name."""
    return _NAMED.sub(lambda match: str(facts.get(match[1], match[1])), text)
