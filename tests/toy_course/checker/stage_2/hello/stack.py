"""The app under gunicorn, with a Gate that it does not ask."""

from __future__ import annotations

from checker.harness.gate import Gate
from checker.harness.stand import Stand
from checker.harness.starters import Gunicorn


def stand(gunicorn: Gunicorn, gate: Gate) -> Stand:
    """One site."""
    variables = {"UPSTREAM_URL": gate.url}
    return Stand([gunicorn("app:application", environment=variables)], variables)
