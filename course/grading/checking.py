"""Starts the grading child on one exercise, and ends it: what it told is heard by hearing.py.

Which checks there are is read before any code of the learner's runs. Whatever ends the child, its servers are swept up.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from course.content import catalogue, scaffold, suites
from course.content.places import Places
from course.errors import CourseBug, LearnError
from course.grading import verdicts
from course.grading.child import Child, Order, Started, graders_line
from course.grading.ending import end, swept
from course.grading.forge import Forge
from course.grading.hearing import Grading
from course.model import Exercise
from course.shared.facts import named_in
from course.shared.ledger import LEDGER, Ledger
from course.shared.leftovers import Orphans
from course.shared.prctl import refuse_inspection


@contextmanager
def start(
    places: Places,
    exercise: Exercise,
    *,
    project: Path,
    run: Path,
    only: Sequence[str] = (),
    forge: Forge | None = None,
) -> Iterator[Grading]:
    """Grade `project` in a child process; `run` (an existing folder) gets history, logs and verdict.json.

    `only` names the checks to run, each with what it needs; none means all. The child is forked where there is a forge.
    Raises CourseBug where the hints cannot be read: a finding may have only the codes that stand there. In the end
    raises MachineLacks or UsageError where the verdict cannot be saved; the servers are stopped all the same.
    """
    hints = catalogue.hints(places, exercise.path)
    codes = {code: tuple(sorted(named_in(texts))) for code, texts in hints.items()}
    given = scaffold.left_as_given(places, exercise, project)
    order = Order(places.suite(exercise.path), project.resolve(), run.resolve(), codes, given, tuple(only))
    checks = _checks(order)
    is_partial = bool(only) and checks.keys() != _checks(replace(order, only=())).keys()
    refuse_inspection()
    orphans = Orphans() if forge is None else None  # a forge adopts, and ends, those of its graders itself
    ours, theirs = socket.socketpair()
    with ours:
        nonce = secrets.token_hex(16)
        with theirs, (run / "grader.log").open("wb") as log:
            child: Child = (
                Started(graders_line(order, theirs), run, theirs, log)
                if forge is None
                else forge.fork(order, theirs, log)
            )
        grading = Grading(exercise, checks, run, ours, nonce, is_partial=is_partial)
        try:
            with suppress(OSError):  # it has ended already
                ours.sendall(nonce.encode() + b"\n")
            yield grading
        except BaseException:
            # Ctrl-C, or `learn check | head`: kept at once, since who is impatient may press it again.
            grading.interrupt()
            with suppress(LearnError):
                verdicts.save(grading.verdict)
            raise
        finally:
            if grading.is_cut:
                with suppress(OSError):
                    ours.shutdown(socket.SHUT_RDWR)  # nobody listens any more: it must not wait for us to read
            try:
                end(child, at_once=grading.is_cut)
            finally:
                grading.note_left(swept(Ledger(run / LEDGER), orphans, child.pid))
        verdicts.save(grading.verdict)


def _checks(order: Order) -> Mapping[str, int]:
    """The checks to be told of, with their numbers; none where a check file cannot be read: the grader tells that."""
    try:
        return suites.reported(order.suite, order.only)
    except (CourseBug, OSError):
        return {}
