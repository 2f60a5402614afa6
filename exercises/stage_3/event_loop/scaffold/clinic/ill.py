"""Given: three pages that hold the event loop. Leave them ill: the doctor's watch is tried on them."""

import threading
import time

from django.http import HttpRequest, HttpResponse

from clinic import archive

_ledger = threading.Lock()


async def xray(request: HttpRequest, patient: str) -> HttpResponse:
    """A library that blocks, in a coroutine."""
    return HttpResponse(archive.ask(f"xray-{patient}"))


async def census(request: HttpRequest) -> HttpResponse:
    """A long computation, in a coroutine."""
    ends_s = time.monotonic() + float(request.GET.get("seconds", "1"))
    counted = 0
    while time.monotonic() < ends_s:
        counted += 1
    return HttpResponse(f"{counted}\n")


def audit(request: HttpRequest, patient: str) -> HttpResponse:
    """A plain view, which keeps the ledger locked while it asks. It has a thread: by itself it holds up nobody."""
    with _ledger:
        return HttpResponse(archive.ask(f"audit-{patient}"))


async def ledger(request: HttpRequest) -> HttpResponse:
    """A lock for threads, in a coroutine: it waits for the audit, and with it the loop."""
    with _ledger:
        return HttpResponse("the ledger is open\n")
