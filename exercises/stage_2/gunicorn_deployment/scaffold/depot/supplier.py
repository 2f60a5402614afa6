"""A slow supplier on the network.

With UPSTREAM_URL set it is asked over HTTP (UPSTREAM_URL/hold/<tag>), so that somebody else decides how slow it is.
Without, it takes two seconds.
"""

import os
import time
import urllib.parse
import urllib.request

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
DELAY_S = 2.0

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(tag: str) -> str:
    """The supplier's answer. The thread that asks stands still until it has come."""
    if not UPSTREAM_URL:
        time.sleep(DELAY_S)
        return tag
    with _opener.open(f"{UPSTREAM_URL}/hold/{urllib.parse.quote(tag, safe='')}") as answer:
        return str(answer.read().decode())
