"""Checks of The Blocking Problem: a slow query takes its worker's slot, and the fast page still finds one.

"In the database at the same time" is counted at the Gate, which the shop's slow query waits for.
"""

from __future__ import annotations

from pathlib import Path

from checker.harness.findings import fail
from checker.harness.gunicorn.workers import expect_one_queue
from checker.harness.learner_files import text_of
from checker.harness.lines import line_matching
from checker.harness.suite import needs
from checker.stage_2.blocking_problem.places import CONF, line_of
from checker.stage_2.blocking_problem.shop import SLOTS, Shop
from course.model import SourceLine

MOST_WORKERS = 6


def test_the_shop_answers(shop: Shop, project: Path) -> None:
    """The shop answers under gunicorn, with at most six worker processes."""
    workers = shop.workers.configuration.workers
    expect_one_queue(shop.workers.configuration, line_matching(project, CONF, [r"\s*reuse_port\b.*="]))
    if workers > MOST_WORKERS:
        fail(
            "too-many-workers",
            wanted=f"at most {MOST_WORKERS} worker processes",
            saw=f"gunicorn.conf.py asks for {workers}",
            facts={"workers": workers},
            where=SourceLine("gunicorn.conf.py", line_of("workers", text_of(project / "gunicorn.conf.py"))),
        )
    shop.server.expect_ready("/hello/")
    answer = shop.server.expect_get("/hello/")
    if answer.status != 200:
        fail("server-error", wanted="/hello/ answers with status 200", saw=f"status {answer.status}")


@needs("test_the_shop_answers")
def test_a_fast_page_is_served_while_a_report_runs(shop: Shop) -> None:
    """A fast page is served while a report is running."""
    with shop.workers.crowded():
        reports = shop.expect_running_reports(1)
        shop.expect_hello(reports)
    shop.expect_reports(reports)


@needs("test_a_fast_page_is_served_while_a_report_runs")
def test_five_reports_run_at_the_same_time(shop: Shop) -> None:
    """Five reports run at the same time."""
    with shop.workers.crowded():
        reports = shop.expect_running_reports(SLOTS)
    shop.expect_reports(reports)


@needs("test_five_reports_run_at_the_same_time")
def test_a_fast_page_is_served_while_five_reports_run(shop: Shop) -> None:
    """A fast page is served while five reports are running."""
    with shop.workers.crowded():
        reports = shop.expect_running_reports(SLOTS)
        shop.expect_hello(reports)
    shop.expect_reports(reports)
