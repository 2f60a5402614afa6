"""Given: pages that wait and pages that do not, and two that show what is around them."""

import sys
import threading

from django.http import JsonResponse, StreamingHttpResponse

from market import opening, warehouse


def hello(request):
    """Whose page this is, and by which id the visit is known."""
    trace_id = getattr(request, "scope", {}).get("trace_id")
    return JsonResponse({"shop": request.shop, "trace_id": trace_id, "is_open": opening.is_open})


def blocking(request, tag):
    """Waits in its thread."""
    return JsonResponse({"shop": request.shop, "stock": warehouse.ask(tag)})


async def awaited(request, tag):
    """Waits on the event loop."""
    return JsonResponse({"shop": request.shop, "stock": await warehouse.aask(tag)})


async def rows(request, tag):
    """A stream: its second row waits for the warehouse."""

    async def lines():
        yield "first\n"
        yield f"{await warehouse.aask(tag)}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


def broken(request):
    """A bug."""
    raise RuntimeError("a bug in the page")


def stack(request):
    """The modules whose functions wait for this one, in its own thread."""
    frame, modules = sys._getframe(), []
    while frame := frame.f_back:
        modules.append(frame.f_globals["__name__"])
    return JsonResponse({"modules": modules})


async def threads(request):
    """Where every other thread of the process is: a list of [module, line] for each, the innermost first."""
    stacks = []
    for ident, frame in sys._current_frames().items():
        if ident == threading.get_ident():
            continue
        places = []
        while frame:
            places.append([frame.f_globals["__name__"], frame.f_lineno])
            frame = frame.f_back
        stacks.append(places)
    return JsonResponse({"threads": stacks})
