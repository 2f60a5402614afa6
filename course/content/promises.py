"""A lesson's promises: the entries of the lists in its section *Build*, each with a hidden name for authors.

    - Joining twice is joining once: one leave ends it. <!-- joined-once -->

Learners read the lesson without the names. What has no name is advice. Reads Markdown; judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SECTION = "## Build"
_FENCE = "```"
_ENTRY = "- "
_HIDDEN = re.compile(r"[ \t]*<!--\s*(.*?)\s*-->[ \t]*$")


@dataclass(frozen=True, slots=True)
class Named:
    """A hidden name, and what it ends: an entry of the section's list, or (`is_promise` false) something else."""

    name: str
    text: str
    is_promise: bool


def named(lesson: str) -> tuple[Named, ...]:
    """Every hidden name of the lesson, in order; code blocks are left alone."""
    found = []
    section, entry, is_open = "", [""], False
    for line, is_code in _lines(lesson):
        if is_code:
            is_open = False
            continue
        hidden = _HIDDEN.search(line)
        words = _HIDDEN.sub("", line)
        if line.startswith("#"):
            section, is_open = section if line.startswith("###") else line.strip(), False
        elif line.startswith(_ENTRY):
            entry, is_open = [words.removeprefix(_ENTRY)], True
        elif is_open and line.startswith("  "):
            entry.append(words)
        else:
            entry, is_open = [words], False
        if hidden:
            text = " ".join(part.strip() for part in entry).strip()
            found.append(Named(hidden[1], text, is_open and section == SECTION))
            is_open = False  # the name ends its entry
    return tuple(found)


def without_names(lesson: str) -> str:
    """The lesson as a learner reads it: no hidden names, and no line that held nothing else."""
    shown = []
    for line, is_code in _lines(lesson, keep_ends=True):
        bare = line.rstrip("\r\n")
        words = bare if is_code else _HIDDEN.sub("", bare)
        if words or not bare:
            shown.append(words + line[len(bare) :])
    return "".join(shown)


def _lines(text: str, *, keep_ends: bool = False) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a code block."""
    in_code = False
    for line in text.splitlines(keepends=keep_ends):
        is_fence = line.lstrip().startswith(_FENCE)
        yield line, in_code or is_fence
        in_code ^= is_fence
