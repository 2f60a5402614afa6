"""Your work: the desk's five pages. They give the right answers, one wait after another."""

import json
from collections.abc import Iterator

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views import View

from desk import invoice_sdk, suppliers
from desk.models import Customer, Order


def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


def dash(request: HttpRequest) -> JsonResponse:
    """Five prices from outside and three numbers of our own, after `?deadline=` seconds at the latest."""
    prices: dict[str, str | None] = {}
    for name in suppliers.NAMES:  # nobody looks at ?deadline= yet
        prices[name] = suppliers.fetch(name)
    return JsonResponse(
        {
            "prices": prices,
            "missing": [name for name in suppliers.NAMES if prices[name] is None],
            "orders": Order.objects.count(),
            "customers": Customer.objects.count(),
            "revenue": Order.objects.aggregate(total=Sum("amount"))["total"] or 0,
        }
    )


class Search(View):
    """Orders whose item contains `?q=`."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The orders found, oldest first."""
        orders = Order.objects.filter(item__icontains=request.GET.get("q", "")).order_by("id")
        return JsonResponse({"orders": [{"item": order.item, "customer": order.customer.name} for order in orders]})


def events(request: HttpRequest) -> StreamingHttpResponse:
    """The five prices as server-sent events."""

    def stream() -> Iterator[str]:
        for name in suppliers.NAMES:
            price = suppliers.fetch(name)
            yield f"data: {json.dumps({'name': name, 'price': price})}\n\n"

    return StreamingHttpResponse(stream(), content_type="text/event-stream")


def invoice(request: HttpRequest, number: int) -> HttpResponse:
    """One invoice, as the printer makes it."""
    return HttpResponse(invoice_sdk.render(number), content_type="text/plain")
