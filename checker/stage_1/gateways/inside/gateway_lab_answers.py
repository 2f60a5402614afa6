"""Answers that tell what the server does to them: when it closes one, and what wsgiref's validator says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from learn_probe.errors import described  # type: ignore[import-not-found]
from learn_probe.frames import PROJECT, spots_of, this_frame  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]


class Watched:
    """An answer whose `close()` is noticed. Only for answers that have one: a list's has to stay without."""

    def __init__(self, answer: Iterable[bytes], closed: Callable[[], None]) -> None:
        self._answer = answer
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        """The chunks."""
        return iter(self._answer)

    def close(self) -> None:
        """The server has done its duty."""
        try:
            if hasattr(self._answer, "close"):
                self._answer.close()
        finally:
            self._closed()


def closing_told(tag: str, chunks: Iterable[bytes]) -> Watched:
    """An answer whose `close()` is told of by this tag."""
    return Watched(chunks, lambda: tell("lab.closed", tag=tag))


class Strict:
    """The validator's iterator, whose complaints are told of."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        """The iterator itself, as the validator's does."""
        return self

    def __next__(self) -> bytes:
        """The next chunk."""
        return bytes(complaining(lambda: next(self._inner)))

    def close(self) -> None:
        """Close what the validator wraps."""
        complaining(self._inner.close)


def complaining(call: Callable[[], Any]) -> Any:
    """What the call gives; an AssertionError of the validator's is told of, with the learner's line."""
    try:
        return call()
    except AssertionError as error:
        place = PROJECT.where(PROJECT.innermost(spots_of(this_frame())))
        tell("lab.violation", patient=True, **{**described(error), "where": place})
        raise
