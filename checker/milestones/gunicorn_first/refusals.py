"""Findings about an office that ends on variables that are in order: some are not set, a number has a fraction."""

from __future__ import annotations

from typing import NoReturn

from checker.harness.findings import NotYet, fail
from checker.milestones.gunicorn_first.configuration import OTHER_THEATRE_TIMEOUT_S, SHORT_S, Printed
from checker.milestones.gunicorn_first.office import Office
from course.model import SourceLine


def judge_refusal(printed: Printed) -> NoReturn:
    """Gunicorn could not read its file in the second deployment: tell by which variable."""
    error = printed.error
    where = error.where if error else None
    if error and _is_about_the_fraction(error.error, OTHER_THEATRE_TIMEOUT_S):
        _fail_for_the_fraction(OTHER_THEATRE_TIMEOUT_S, error.error, where)
    wanted = f"gunicorn starts without BIND and WORKER_TIMEOUT_S, and with THEATRE_TIMEOUT_S={OTHER_THEATRE_TIMEOUT_S}"
    fail("defaults-missing", wanted=wanted, saw=f"it ended:\n{printed.refusal}", where=where)


def expect_boot_with_a_fraction(office: Office) -> None:
    """Its workers must load the application, also when the theatre's seconds have a fraction."""
    try:
        office.expect_boot()
    except NotYet as not_yet:
        finding = not_yet.finding
        if finding.code == "import-error" and _is_about_the_fraction(finding.saw, SHORT_S):
            _fail_for_the_fraction(SHORT_S, finding.saw, finding.where)
        raise


def expect_boot_on_defaults(office: Office) -> None:
    """The same where no number of seconds is set. With them it has booted: it is they that are missed."""
    try:
        office.expect_boot()
    except NotYet as not_yet:
        finding = not_yet.finding
        if finding.code in ("import-error", "server-exited"):
            wanted = "gunicorn starts without THEATRE_TIMEOUT_S and WORKER_TIMEOUT_S"
            fail("defaults-missing", wanted=wanted, saw=f"it ended: {finding.saw}", where=finding.where)
        raise


def _is_about_the_fraction(error: str, seconds: float) -> bool:
    return str(seconds) in error or "THEATRE_TIMEOUT_S" in error


def _fail_for_the_fraction(seconds: float, error: str, where: SourceLine | None) -> NoReturn:
    wanted = f"gunicorn starts with THEATRE_TIMEOUT_S={seconds}: its seconds may have a fraction"
    fail("fraction-refused", wanted=wanted, saw=f"it ended: {error}", where=where, facts={"seconds": seconds})
