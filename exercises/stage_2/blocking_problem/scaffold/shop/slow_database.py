"""A slow query on SQLite: `SELECT slow('tag')` waits, and answers its tag.

It waits where a slow PostgreSQL query would: inside the database driver, with the GIL released. With UPSTREAM_URL set
it waits for an HTTP answer of UPSTREAM_URL/hold/<tag>, so that somebody else decides how slow it is; else for 2 s.
"""

import os
import time
import urllib.parse
import urllib.request
from typing import Any

from django.db.backends.signals import connection_created

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
DELAY_S = 2.0

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def install() -> None:
    """Teach `slow` to every connection from now on."""
    connection_created.connect(_teach, dispatch_uid="slow_database")


def _teach(connection: Any, **_: Any) -> None:
    connection.connection.create_function("slow", 1, _slow)


def _slow(tag: str) -> str:
    # An error in here reaches your view as django.db.OperationalError.
    if not UPSTREAM_URL:
        time.sleep(DELAY_S)
        return tag
    with _opener.open(f"{UPSTREAM_URL}/hold/{urllib.parse.quote(tag, safe='')}") as answer:
        return str(answer.read().decode())
