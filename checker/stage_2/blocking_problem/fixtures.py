"""What both check files of The Blocking Problem share: the shop under gunicorn."""

from __future__ import annotations

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import Workers, read_configuration, start_printing_configuration
from checker.harness.run import Run
from checker.stage_2.blocking_problem.shop import GENEROUS_S, Shop
from checker.stage_2.blocking_problem.stack import stand


@pytest.fixture(scope="session")
def shop(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Shop:
    """The shop, with the Gate for its database and a database file outside the learner's folder."""
    printing = start_printing_configuration(run)
    try:
        [server] = stand(gunicorn, gate, run).sites
        printing.wait(GENEROUS_S)
    finally:
        printing.stop()
    configuration = read_configuration(printing.log.text)
    if configuration is None:
        server.expect_ready("/hello/")  # ends with the server's own words on what it cannot read
        raise LookupError("gunicorn serves with a configuration that it did not print")
    return Shop(server, Workers(server, configuration), gate, run)
