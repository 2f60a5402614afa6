"""The desk with asyncio.wait; under WSGI its events come from plain threads and a queue."""

import asyncio
import json
import queue
import threading
from collections.abc import AsyncIterator, Iterable, Iterator

from django.core.handlers.wsgi import WSGIRequest
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views import View

from desk import invoice_sdk, suppliers
from desk.models import Customer, Order


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def dash(request: HttpRequest) -> JsonResponse:
    """Five prices from outside and three numbers of our own, after `?deadline=` seconds at the latest."""
    calls = {name: asyncio.create_task(suppliers.afetch(name)) for name in suppliers.NAMES}
    try:
        # wait() neither raises at its deadline nor cancels: both are ours to do.
        await asyncio.wait(calls.values(), timeout=float(request.GET.get("deadline", "30")))
    finally:
        for call in calls.values():
            call.cancel()
    prices = {name: price_of(call) for name, call in calls.items()}
    orders = await Order.objects.acount()
    customers = await Customer.objects.acount()
    totals = await Order.objects.aaggregate(total=Sum("amount"))
    return JsonResponse(
        {
            "prices": prices,
            "missing": [name for name in prices if prices[name] is None],
            "orders": orders,
            "customers": customers,
            "revenue": totals["total"] or 0,
        }
    )


def price_of(call: asyncio.Task[str]) -> str | None:
    """What a call has brought, if anything."""
    if not call.done() or call.cancelled() or call.exception() is not None:
        return None
    return call.result()


class Search(View):
    """Orders whose item contains `?q=`. One query and no other wait: a thread serves it as well as the loop would."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The orders found, oldest first."""
        orders = Order.objects.filter(item__icontains=request.GET.get("q", "")).order_by("id")
        found = orders.select_related("customer")
        return JsonResponse({"orders": [{"item": order.item, "customer": order.customer.name} for order in found]})


async def events(request: HttpRequest) -> StreamingHttpResponse:
    """The prices as server-sent events. An event's id has one bit for each supplier told so far."""
    told = int(request.headers.get("Last-Event-ID", "0"))
    stream: Iterable[str] | AsyncIterator[str]
    stream = thread_stream(told) if isinstance(request, WSGIRequest) else task_stream(told)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(stream, content_type="text/event-stream; charset=utf-8", headers=headers)


def open_names(told: int) -> list[str]:
    """The suppliers whose bit is not set."""
    return [name for bit, name in enumerate(suppliers.NAMES) if not told >> bit & 1]


def event(told: int, name: str, price: str) -> str:
    """One event, the shape of server-sent events."""
    return f"data: {json.dumps({'name': name, 'price': price})}\r\nid: {told}\r\n\r\n"


async def task_stream(told: int) -> AsyncIterator[str]:
    """The events for an ASGI server."""
    calls = {asyncio.create_task(suppliers.afetch(name), name=name) for name in open_names(told)}
    try:
        while calls:
            done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            for call in done:
                told |= 1 << suppliers.NAMES.index(call.get_name())
                yield event(told, call.get_name(), call.result())
        yield "event: done\r\ndata: {}\r\n\r\n"
    finally:
        for call in calls:
            call.cancel()


def thread_stream(told: int) -> Iterator[str]:
    """The events for a WSGI server."""
    names = open_names(told)
    arrived: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def ask(name: str) -> None:
        arrived.put((name, suppliers.fetch(name)))

    for name in names:
        threading.Thread(target=ask, args=(name,), daemon=True).start()
    for _ in names:
        name, price = arrived.get()
        told |= 1 << suppliers.NAMES.index(name)
        yield event(told, name, price)
    yield "event: done\r\ndata: {}\r\n\r\n"


async def invoice(request: HttpRequest, number: int) -> HttpResponse:
    """One invoice. The printer's library blocks, so it gets a thread."""
    return HttpResponse(await asyncio.to_thread(invoice_sdk.render, number), content_type="text/plain")
