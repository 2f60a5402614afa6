"""What several check files of Deep Dive into wsgi.py share: the learner's site, started in three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.stage_2.wsgi_callable.boots import start_broken_fair, start_cold, wait_ending_of_boot
from checker.stage_2.wsgi_callable.inspector import PAGE, STREAM, Inspector
from checker.stage_2.wsgi_callable.site import APP, FAIR, ShopSite

THREADS = 4


@pytest.fixture(scope="session")
def site(run: Run, stack: Stack, gate: Gate) -> ShopSite:
    """Starts what the checks need of the learner's site."""
    return ShopSite(run, stack, gate)


@pytest.fixture(scope="session")
def inspector(run: Run, program: starters.Program) -> Iterator[Inspector]:
    """The learner's inspector."""
    folder = run.temporary / "ledger"
    folder.mkdir()
    with History(folder / "history.jsonl", folder / "probe") as history, Gate(history) as ledger:
        yield Inspector(run, program, ledger, history)


@pytest.fixture(scope="session")
def page_inspected(inspector: Inspector) -> None:
    """An inspection of a page of the shop: has begun."""
    inspector.begin(APP, PAGE)


@pytest.fixture(scope="session")
def stream_inspected(inspector: Inspector) -> None:
    """An inspection of a stream of the bare shop: has begun."""
    inspector.begin(*STREAM)


@dataclass(frozen=True, slots=True)
class Deployments:
    """The site as it is deployed elsewhere."""

    strict: Server
    fair: Server
    broken_fair: Server


@pytest.fixture(scope="session")
def server(site: ShopSite) -> Server:
    """The site under gunicorn, as it is deployed."""
    return site.start("gunicorn")


@pytest.fixture(scope="session")
def cold(site: ShopSite, server: Server) -> Server:
    """The shop by Django's usual wsgi.py. Its boot is drawn beside the site's: both are done by the same machine."""
    del server  # it boots meanwhile
    return start_cold(site)


@pytest.fixture(scope="session")
def deployments(site: ShopSite, run: Run, gate: Gate) -> Deployments:
    """All of these, once each has booted or given up: what one asks of itself at boot is in no check's way."""
    missing = run.temporary / "not_mounted_yet" / "shop.sqlite3"
    environment = {"DJANGO_SETTINGS_MODULE": FAIR, "DATABASE_PATH": str(missing)}
    found = Deployments(
        strict=site.start_validated("wsgiref"),
        fair=site.start("fair", environment=environment, arguments=["--threads", str(THREADS)]),
        broken_fair=start_broken_fair(site),
    )
    gate.open()
    for server in (found.strict, found.fair, found.broken_fair):
        wait_ending_of_boot(server)
    return found


@pytest.fixture(scope="session")
def strict(deployments: Deployments) -> Server:
    """The site under wsgiref's server and validator."""
    return deployments.strict


@pytest.fixture(scope="session")
def fair(deployments: Deployments) -> Server:
    """The site as it is deployed at the fair: settings of its own, several threads, its disk still missing."""
    return deployments.fair


@pytest.fixture(scope="session")
def broken_fair(deployments: Deployments) -> Server:
    """The site at the fair, with a URLconf that cannot be imported."""
    return deployments.broken_fair
