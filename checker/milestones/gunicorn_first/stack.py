"""The learner's box office in its own folder, for `learn run`. Its checks start it in copies (fixtures.py)."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.stand import Stand
from checker.milestones.gunicorn_first.configuration import start_gunicorn, variables


def stand(self_bound: starters.SelfBound, gate: Gate, run: Run) -> Stand:
    """The box office under the learner's configuration, with the Gate for the theatre."""
    office = start_gunicorn(self_bound, run, "gunicorn", variables(gate), folder=run.project)
    return Stand([office], variables(gate, BIND=None))
