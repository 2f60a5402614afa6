"""The kinds of events that are wsgi_callable's own: what the validator and the lab tell from inside."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    APP_RETURNED = "app.returned"
    LAB_CLOSED = "lab.closed"
    LAB_ENVIRON = "lab.environ"
    LAB_REFUSED = "lab.refused"
    PEP3333_BROKEN = "pep3333.broken"


# What each holds besides `pid` and `server`: checker/harness/events.py.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {
    Kind.APP_RETURNED: {"path": str},
    Kind.LAB_CLOSED: {"app": str},
    Kind.LAB_ENVIRON: dict.fromkeys(("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"), object),
    Kind.LAB_REFUSED: {"message": str},
    Kind.PEP3333_BROKEN: {"request": str, "type": str, "message": str, "traceback": str},
}
