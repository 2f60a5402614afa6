"""The desk whose events come in the order of the list."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress

from django.core.handlers.asgi import ASGIRequest
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
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(all_prices(float(request.GET.get("deadline", "30"))))
        counting = group.create_task(own_numbers())
    prices = asking.result()
    missing = [name for name in suppliers.NAMES if prices[name] is None]
    return JsonResponse({"prices": prices, "missing": missing, **counting.result()})


async def all_prices(deadline_s: float) -> dict[str, str | None]:
    """Each supplier's price; None for one that failed or was late."""
    prices: dict[str, str | None] = dict.fromkeys(suppliers.NAMES)

    async def ask(name: str) -> None:
        # Handled here: an error that leaves a task makes the group cancel the others.
        with suppress(suppliers.SupplierDown, OSError):
            prices[name] = await suppliers.afetch(name)

    with suppress(TimeoutError):
        # At the deadline, and when the visitor leaves, the group cancels what still waits and sees it end.
        async with asyncio.timeout(deadline_s), asyncio.TaskGroup() as group:
            for name in suppliers.NAMES:
                group.create_task(ask(name))
    return prices


async def own_numbers() -> dict[str, int]:
    """What our own database knows. The three queries take turns: a request has one database thread."""
    return {
        "orders": await Order.objects.acount(),
        "customers": await Customer.objects.acount(),
        "revenue": (await Order.objects.aaggregate(total=Sum("amount")))["total"] or 0,
    }


class Search(View):
    """Orders whose item contains `?q=`."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        """The orders found, oldest first."""
        found = Order.objects.filter(item__icontains=request.GET.get("q", "")).order_by("id")
        # Without select_related, order.customer would be one more query: a synchronous one, on the loop's thread.
        orders = [
            {"item": order.item, "customer": order.customer.name} async for order in found.select_related("customer")
        ]
        return JsonResponse({"orders": orders})


async def events(request: HttpRequest) -> StreamingHttpResponse:
    """The prices as server-sent events, each as soon as it is there. An event's id names all suppliers told so far."""
    told = [name for name in request.headers.get("Last-Event-ID", "").split(",") if name in suppliers.NAMES]
    # Django collects the other kind of iterator to its end before it sends a byte.
    stream = on_the_loop(told) if isinstance(request, ASGIRequest) else on_threads(told)
    return StreamingHttpResponse(
        stream,
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


DONE = "event: done\ndata: {}\n\n"


def event(told: list[str], name: str, price: str) -> str:
    """The next event; `told` grows by its supplier."""
    told.append(name)
    return f"id: {','.join(told)}\ndata: {json.dumps({'name': name, 'price': price})}\n\n"


async def on_the_loop(told: list[str]) -> AsyncIterator[str]:
    """The events for an ASGI server."""

    async def ask(name: str) -> tuple[str, str]:
        return name, await suppliers.afetch(name)

    asking = [asyncio.create_task(ask(name)) for name in suppliers.NAMES if name not in told]
    try:
        for task in asking:
            yield event(told, *await task)
        yield DONE
    finally:
        for task in asking:
            task.cancel()


def on_threads(told: list[str]) -> Iterator[str]:
    """The events for a WSGI server, which asks for one piece after another on the worker's only thread."""
    with ThreadPoolExecutor(len(suppliers.NAMES)) as pool:
        asking = {pool.submit(suppliers.fetch, name): name for name in suppliers.NAMES if name not in told}
        for answer in as_completed(asking):
            yield event(told, asking[answer], answer.result())
    yield DONE


def invoice(request: HttpRequest, number: int) -> HttpResponse:
    """One invoice, as the printer makes it.

    Stays a plain function: its library blocks and cannot be awaited, so Django gives it a thread of its own.
    """
    return HttpResponse(invoice_sdk.render(number), content_type="text/plain")
