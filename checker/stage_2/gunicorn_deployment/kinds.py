"""The kinds of events that are gunicorn_deployment's own: what only this exercise's checks record."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    CONFIGURATION_NOT_PRINTED = "configuration.not_printed"
    GUNICORN_LISTENS = "gunicorn.listens"
    PROCESS_GONE = "process.gone"
