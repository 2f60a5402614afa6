"""The learner's site, for `learn run`. Its checks start it in more ways (site.py)."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.run import Run
from checker.harness.stand import Stand
from checker.stage_2.wsgi_callable.site import APP


def stand(gunicorn: starters.Gunicorn, run: Run) -> Stand:
    """The site as it is deployed. Its ledger tells nobody of a request's begin and end: the Gate would hold each."""
    variables = {"DATABASE_PATH": str(run.temporary / "shop.sqlite3")}
    return Stand([gunicorn(APP, environment=variables)], variables)
