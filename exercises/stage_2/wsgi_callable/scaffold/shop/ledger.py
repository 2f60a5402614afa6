"""Tells somebody outside when Django begins and ends a request, by its signals request_started and request_finished.

With UPSTREAM_URL set it asks for UPSTREAM_URL/hold/started%20<path> and UPSTREAM_URL/hold/finished%20<path>, and waits
for the answer. Without it nothing is told.
"""

import os
import threading
import urllib.parse
import urllib.request
from typing import Any

from django.core.handlers.wsgi import get_path_info, get_script_name
from django.core.signals import request_finished, request_started

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_current = threading.local()


def install() -> None:
    """Listen to Django's two signals."""
    request_started.connect(_started, dispatch_uid="ledger")
    request_finished.connect(_finished, dispatch_uid="ledger")


def wait_for(tag: str) -> None:
    """Ask somebody outside, and go on when the answer comes."""
    if UPSTREAM_URL:
        with _opener.open(f"{UPSTREAM_URL}/hold/{urllib.parse.quote(tag, safe='')}") as answer:
            answer.read()


def _started(environ: dict[str, Any], **_: Any) -> None:
    _current.path = get_script_name(environ) + get_path_info(environ)
    wait_for(f"started {_current.path}")


def _finished(**_: Any) -> None:
    wait_for(f"finished {getattr(_current, 'path', '')}")
