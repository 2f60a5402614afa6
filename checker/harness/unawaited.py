"""Coroutines that the learner's code made and nobody awaited, as Python's warning in the server's log tells.

The warning comes when the coroutine is thrown away: at once, and with the line that was at work then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from checker.harness.diagnosis import Examined
from checker.harness.learner_files import text_of
from checker.harness.run import Run
from course.model import SourceLine

WARNING = "was never awaited"
# `.../chat/consumers.py:31: RuntimeWarning: coroutine 'RedisChannelLayer.group_send' was never awaited`
_WARNED = re.compile(rf"^(.+\.py):(\d+): RuntimeWarning: coroutine '(\S+)' {WARNING}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unawaited:
    """One of them, by its qualified name; `where` is None when the line is none of the project's."""

    coroutine: str
    where: SourceLine | None

    @property
    def told(self) -> str:
        """What a finding says of it."""
        return f"the coroutine {self.coroutine}() was made, but never awaited"


def wait_unawaited(server: Examined, deadline_s: float = 0.0) -> list[Unawaited]:
    """Those that the server has warned of, in their order and each once; waits so long for the first of them."""
    server.process.log.wait_for(WARNING, deadline_s)
    warned = (
        Unawaited(match[3], _place(server.run, Path(match[1]), int(match[2])))
        for match in _WARNED.finditer(server.process.log.text)
    )
    return list(dict.fromkeys(warned))


def _place(run: Run, file: Path, number: int) -> SourceLine | None:
    if not file.is_relative_to(run.project):
        return None
    doing = "".join(text_of(file).splitlines()[number - 1 : number]).strip()
    return SourceLine(file.relative_to(run.project).as_posix(), number, doing=doing)
