"""The shop's own stack: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.stand import Stand


def stand(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Stand:
    """The shop under gunicorn, with the Gate for its database and a database file outside the learner's folder."""
    variables = {"UPSTREAM_URL": gate.url, "DATABASE_PATH": str(run.temporary / "shop.sqlite3")}
    return Stand([gunicorn("shop.wsgi:application", config="gunicorn.conf.py", environment=variables)], variables)
