"""The desk as class-based views, and a response that can be iterated either way."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_threads
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views import View

from desk import invoice_sdk, suppliers
from desk.models import Customer, Order


class Hello(View):
    """The page that must always be quick."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """A greeting."""
        return HttpResponse("hello\n", content_type="text/plain")


class Dash(View):
    """Five prices from outside and three numbers of our own, after `?deadline=` seconds at the latest."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        """The dashboard."""
        deadline_s = float(request.GET.get("deadline", "30"))
        numbers = await Order.objects.aaggregate(orders=Count("pk"), revenue=Sum("amount"))
        prices = dict(await asyncio.gather(*(self.price(name, deadline_s) for name in suppliers.NAMES)))
        return JsonResponse(
            {
                "prices": prices,
                "missing": [name for name, price in prices.items() if price is None],
                "customers": await Customer.objects.acount(),
                "orders": numbers["orders"],
                "revenue": numbers["revenue"] or 0,
            }
        )

    async def price(self, name: str, deadline_s: float) -> tuple[str, str | None]:
        """A supplier and its price, or None."""
        try:
            async with asyncio.timeout(deadline_s):
                return name, await suppliers.afetch(name)
        except (TimeoutError, suppliers.SupplierDown, OSError):
            return name, None


class Search(View):
    """Orders whose item contains `?q=`."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        """The orders found, oldest first."""
        return JsonResponse({"orders": await self.found(request.GET.get("q", ""))})

    @sync_to_async
    def found(self, text: str) -> list[dict[str, str]]:
        """Synchronous on purpose: rows and their customers are read in one trip to the database thread."""
        orders = Order.objects.filter(item__icontains=text).order_by("id").select_related("customer")
        return [{"item": order.item, "customer": order.customer.name} for order in orders]


class PriceEvents(StreamingHttpResponse):
    """Prices as server-sent events, each as it arrives: for a WSGI server by threads, for an ASGI server by tasks."""

    def __init__(self, told: list[str]) -> None:
        super().__init__((), content_type="text/event-stream")
        self["Cache-Control"] = "no-cache"
        self["X-Accel-Buffering"] = "no"
        self.told = told
        self.untold = [name for name in suppliers.NAMES if name not in told]

    def __iter__(self) -> Iterator[bytes]:
        with ThreadPoolExecutor(max_workers=len(suppliers.NAMES)) as pool:
            asking: dict[Future[str], str] = {pool.submit(suppliers.fetch, name): name for name in self.untold}
            while asking:
                for answer in wait_for_threads(asking, return_when=FIRST_COMPLETED).done:
                    yield self.event(asking.pop(answer), answer.result())
        yield b"event: done\ndata: {}\n\n"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        asking = {asyncio.ensure_future(suppliers.afetch(name)): name for name in self.untold}
        try:
            while asking:
                done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                for answer in done:
                    yield self.event(asking.pop(answer), answer.result())
            yield b"event: done\ndata: {}\n\n"
        finally:
            for answer in asking:
                answer.cancel()

    def event(self, name: str, price: str) -> bytes:
        """The next event. Its id is the list of all suppliers told so far, as JSON."""
        self.told.append(name)
        fields: dict[str, Any] = {"name": name, "price": price}
        return f"id: {json.dumps(self.told)}\nevent: message\ndata: {json.dumps(fields)}\n\n".encode()


class Events(View):
    """The stream of prices."""

    async def get(self, request: HttpRequest) -> PriceEvents:
        """The events that the visitor has not had."""
        return PriceEvents(json.loads(request.headers.get("Last-Event-ID", "[]")))


class Invoice(View):
    """One invoice, as the printer makes it. A sync handler: the printer's library blocks and needs a thread."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        """The invoice."""
        return HttpResponse(invoice_sdk.render(number), content_type="text/plain")


hello, dash, events, invoice = Hello.as_view(), Dash.as_view(), Events.as_view(), Invoice.as_view()
