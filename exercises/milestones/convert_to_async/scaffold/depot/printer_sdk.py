"""Given: the label printer's own client library. It blocks, and there is no other. Nothing to change here."""

import http.client
import os
import time
from contextlib import closing

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")


def render(number: int) -> str:
    """The label's text. The thread that calls this waits until the printer has made it."""
    if not UPSTREAM_URL:
        time.sleep(2)
        return f"label {number}"
    with closing(http.client.HTTPConnection(UPSTREAM_URL.removeprefix("http://"))) as connection:
        connection.request("GET", f"/hold/label-{number}")
        return connection.getresponse().read().decode()
