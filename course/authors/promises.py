"""Promises against mistakes, both ways: what no mistake breaks, and what is broken without having been promised.

A mistake says `breaks: PROMISE/SIDE`; a side is one way of breaking it: the second time, in the other process, after an
error. A lesson without named promises asks nothing of its mistakes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.content.promises import SECTION, named

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# A mistake's name -> what it breaks, each as PROMISE or PROMISE/SIDE.
Breaks = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, and the mistakes that break it by the side they break; "" is the side of a promise that has one."""

    name: str
    text: str
    broken_by: tuple[tuple[str, str], ...]


def read(lesson: str, breaks: Breaks) -> tuple[Promise, ...]:
    """The lesson's promises in its order, each with its (side, mistake) pairs, sorted."""
    pairs = [(*_parted(broken), mistake) for mistake, all_broken in breaks.items() for broken in all_broken]
    return tuple(
        Promise(
            each.name, each.text, tuple(sorted((side, mistake) for name, side, mistake in pairs if name == each.name))
        )
        for each in named(lesson)
        if each.is_promise
    )


def problems(lesson: str, breaks: Breaks) -> Iterator[str]:
    """What does not fit, a sentence each; nothing for a lesson and mistakes that name no promise at all."""
    yield from _misnamed(lesson)
    names = {each.name for each in named(lesson) if each.is_promise}
    broken = {_parted(each)[0] for all_broken in breaks.values() for each in all_broken}
    yield from (f"no mistake breaks the promise {name!r}" for name in sorted(names - broken))
    for mistake, all_broken in sorted(breaks.items()):
        if names and not all_broken:
            yield f"wrong {mistake} names no promise that it breaks (`breaks: PROMISE/SIDE`)"
        for each in all_broken:
            if _parted(each)[0] not in names:
                yield f"wrong {mistake} breaks {each!r}, which is no promise of the lesson"


def _misnamed(lesson: str) -> Iterator[str]:
    hidden = named(lesson)
    for name, count in Counter(each.name for each in hidden).items():
        if not _NAME.fullmatch(name):
            yield f"lesson.md: {name!r} is no name of a promise (a-z, 0-9, -)"
        if count > 1:
            yield f"lesson.md: {count} promises are named {name!r}"
    for each in hidden:
        if not each.is_promise:
            yield f"lesson.md: {each.name!r} ends no entry of the list in {SECTION.lstrip('# ')}"


def _parted(broken: str) -> tuple[str, str]:
    """The promise and its side."""
    name, _, side = broken.partition("/")
    return name, side
