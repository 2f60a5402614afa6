"""The learner's mall under gunicorn: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.stand import Stand
from checker.stage_2.wsgi_middleware.mall import start_mall


def stand(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Stand:
    """The mall under one gunicorn worker with four threads, with the Gate for its supplier."""
    mall = start_mall(gunicorn, gate, run, app="mall.wsgi:application", name="gunicorn", environment={})
    return Stand([mall.server], mall.variables)
