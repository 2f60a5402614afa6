"""A slow supplier. With UPSTREAM_URL set, somebody else decides how slow; without it, each answer takes one second."""

import os
import time
import urllib.request

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
DELAY_S = 1.0

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answer(tag: str) -> str:
    """Wait for the supplier's answer about `tag`; it is the tag."""
    if not UPSTREAM_URL:
        time.sleep(DELAY_S)
        return tag
    with _opener.open(f"{UPSTREAM_URL}/hold/{tag}") as response:
        return str(response.read().decode())
