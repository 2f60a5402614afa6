"""What an exercise's `stack.py` returns: its servers, started and not waited for, as `learn run` tells of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checker.harness.site import Site


@dataclass(frozen=True, slots=True)
class Stand:
    """The servers of an exercise: for its checks, and for `learn run`.

    `variables` are what they were given of the world (UPSTREAM_URL, DATABASE_PATH, ...): a command by hand gets the
    same. `answer` is what the Gate says to a call with this tag when it lets it go; a call that `passes` it lets go by
    itself, as a server's that would not serve before. `logs` are folders into whose files programs write in place of
    printing.
    """

    sites: Sequence[Site]
    variables: Mapping[str, str] = field(default_factory=dict)
    answer: Callable[[str], str] = str
    passes: Callable[[str], bool] = lambda _tag: False
    logs: Sequence[Path] = ()
