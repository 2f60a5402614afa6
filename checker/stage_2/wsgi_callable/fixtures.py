"""What several check files of Deep Dive into wsgi.py share: the learner's site, started in three ways."""

from __future__ import annotations

import pytest

from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.stage_2.wsgi_callable.site import FAIR, ShopSite

THREADS = 4


@pytest.fixture(scope="session")
def site(run: Run, stack: Stack, gate: Gate) -> ShopSite:
    """Starts what the checks need of the learner's site."""
    return ShopSite(run, stack, gate)


@pytest.fixture(scope="session")
def server(site: ShopSite) -> Server:
    """The site under gunicorn, as it is deployed."""
    return site.start("gunicorn")


@pytest.fixture(scope="session")
def strict(site: ShopSite) -> Server:
    """The site under wsgiref's server and validator."""
    return site.start_validated("wsgiref")


@pytest.fixture(scope="session")
def fair(site: ShopSite, run: Run) -> Server:
    """The site as it is deployed at the fair: settings of its own, several threads, its disk still missing."""
    missing = run.temporary / "not_mounted_yet" / "shop.sqlite3"
    environment = {"DJANGO_SETTINGS_MODULE": FAIR, "DATABASE_PATH": str(missing)}
    return site.start("fair", environment=environment, arguments=["--threads", str(THREADS)])
