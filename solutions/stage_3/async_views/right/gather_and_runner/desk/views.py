"""The desk with gather and wait_for; one async stream, which under WSGI is driven step by step on a loop of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator

from asgiref.sync import sync_to_async
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views import View

from desk import invoice_sdk, suppliers
from desk.models import Customer, Order


def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def dash(request: HttpRequest) -> JsonResponse:
    """Five prices from outside and three numbers of our own, after `?deadline=` seconds at the latest."""
    deadline_s = float(request.GET.get("deadline", "30"))
    answers = await asyncio.gather(
        *(asyncio.wait_for(suppliers.afetch(name), deadline_s) for name in suppliers.NAMES), return_exceptions=True
    )
    prices = {
        name: None if isinstance(answer, BaseException) else answer
        for name, answer in zip(suppliers.NAMES, answers, strict=True)
    }
    return JsonResponse(
        {
            "prices": prices,
            "missing": [name for name, price in prices.items() if price is None],
            **await sync_to_async(own_numbers)(),
        }
    )


def own_numbers() -> dict[str, int]:
    """What our own database knows: three queries in one trip to the database thread."""
    return {
        "orders": Order.objects.count(),
        "customers": Customer.objects.count(),
        "revenue": Order.objects.aggregate(total=Sum("amount"))["total"] or 0,
    }


class Search(View):
    """Orders whose item contains `?q=`."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        """The orders found, oldest first."""
        rows = Order.objects.filter(item__icontains=request.GET.get("q", "")).order_by("id")
        pairs = rows.values_list("item", "customer__name")
        return JsonResponse({"orders": [{"item": item, "customer": customer} async for item, customer in pairs]})


def events(request: HttpRequest) -> StreamingHttpResponse:
    """The prices as server-sent events. An event's id names all suppliers told so far."""
    stream = told_as_they_come(request.headers.get("Last-Event-ID", "").split())
    response = StreamingHttpResponse(
        stream if hasattr(request, "scope") else step_by_step(stream), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def told_as_they_come(told: list[str]) -> AsyncGenerator[str, None]:
    """One event a supplier, in order of arrival."""
    arrived: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def ask(name: str) -> None:
        await arrived.put((name, await suppliers.afetch(name)))

    open_calls = [asyncio.create_task(ask(name)) for name in suppliers.NAMES if name not in told]
    try:
        for _ in open_calls:
            name, price = await arrived.get()
            told = [*told, name]
            yield f"id: {' '.join(told)}\ndata: {json.dumps({'name': name, 'price': price})}\n\n"
        yield "event: done\ndata: all suppliers have answered\n\n"
    finally:
        for call in open_calls:
            call.cancel()
        await asyncio.gather(*open_calls, return_exceptions=True)


def step_by_step(stream: AsyncGenerator[str, None]) -> Iterator[str]:
    """The same stream for a WSGI server: the loop runs only while the server asks for the next piece."""

    async def piece() -> str | None:
        return await anext(stream, None)

    with asyncio.Runner() as runner:
        try:
            while (text := runner.run(piece())) is not None:
                yield text
        finally:
            runner.run(stream.aclose())


async def invoice(request: HttpRequest, number: int) -> HttpResponse:
    """One invoice. The printer's library blocks, so it is called on the request's thread, never on the loop's."""
    return HttpResponse(await sync_to_async(invoice_sdk.render)(number), content_type="text/plain")
