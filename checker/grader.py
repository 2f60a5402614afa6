"""One grading: runs an exercise's checks in this process, and tells each event over the socket that it was given.

The same for a grader that was started by itself and for one that was forked (forge.py). Reads a nonce from the socket,
writes one event a line to it, and stops all that it has started when the other end closes, on SIGTERM, or when the
checks are done.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checker import session
from checker.cause import cause
from checker.child import Line, NoRoom, at_work
from checker.harness import zygote
from checker.harness.history import History
from checker.harness.run import Run
from checker.reporter import Reporter
from course.model import CheckEvent, SuiteFinished
from course.shared.wire import to_line


@dataclass(frozen=True, slots=True)
class Order:
    """What to grade. `fd` is a connected socket; `only` names the checks to run, with what they need: none means all.

    `suite` is the exercise's room with its checks, `project` the learner's folder, `run` that for history and logs.
    `codes` are the diagnoses that have hints, each with the facts that these use, `given` the files that are as issued.
    Servers are forked in the `nurseries`, where these have any.
    """

    fd: int
    suite: Path
    project: Path
    run: Path
    only: tuple[str, ...] = ()
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    nurseries: zygote.Nurseries = zygote.NONE


Tell = Callable[[CheckEvent], None]


def grade(order: Order) -> int:
    """Run the checks; the verdict is what was told over the socket, never this exit code."""
    try:
        with running(order) as (run, tell):
            return _checked(order, run, tell)
    except NoRoom:
        return 1


@contextmanager
def running(order: Order) -> Iterator[tuple[Run, Tell]]:
    """Around the checks: the run, and who tells `learn` each event. Raises NoRoom, once that is told."""
    line = Line(order.fd)

    def tell(event: CheckEvent) -> None:
        line.tell(to_line(event, line.nonce))

    try:
        with (
            at_work(line, order.run) as (temporary, ledger),
            History(order.run / "history.jsonl", temporary / "probe") as history,
        ):
            try:
                given = frozenset(order.given)
                yield Run(order.project, order.run, temporary, history, ledger, given, nurseries=order.nurseries), tell
            finally:
                if history.odd:
                    print(f"{history.odd} events from inside were none that a probe tells: left out")  # noqa: T201
    except NoRoom as none:
        tell(SuiteFinished(seconds=0.0, trouble=str(none)))
        raise


def reporter(order: Order, run: Run, tell: Tell) -> Reporter:
    """Tells how each of the order's checks ends."""
    return Reporter(run, tell, order.suite, only=order.only, codes=order.codes)


def _checked(order: Order, run: Run, tell: Tell) -> int:
    try:
        plugins = session.prepared(order.suite, run)
    except Exception as error:  # noqa: BLE001  an author's module may raise anything
        traceback.print_exc()
        tell(SuiteFinished(seconds=0.0, trouble=cause(error, order.suite)))
        return 1
    return session.main(order.suite, [*plugins, reporter(order, run, tell)])
