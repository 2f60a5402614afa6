"""Move to Uvicorn: the same answers as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from checker.harness import starters
from checker.harness.given import expect_given
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.milestones.convert_to_async.depot import Depot
from checker.milestones.convert_to_async.table import compare, record, rows

GIVEN = (
    "depot/upstream.py",
    "depot/printer_sdk.py",
    "depot/archive.py",
    "depot/offers.py",
    "depot/accounts.py",
    "depot/urls.py",
    "depot/models.py",
    "depot/migrations/0001_initial.py",
)


def test_each_request_is_answered_as_before(
    before: Depot, depot: Depot, seed: Seed, picture: Picture, ahead: starters.Ahead
) -> None:
    """Each request is answered under uvicorn as it was under gunicorn: status, headers, body."""
    picture.nothing()  # nobody waits for anybody
    expect_given(depot.server.run, *GIVEN)
    before.server.expect_ready("/ping/")
    depot.server.expect_ready("/ping/")
    table = rows(seed)
    with ThreadPoolExecutor(2) as side_by_side:
        then, now = side_by_side.map(lambda one: record(one, table), (before, depot))
    compare(depot, then, now)
    ahead("ending", "test_no_export_is_lost_when_the_process_ends")
