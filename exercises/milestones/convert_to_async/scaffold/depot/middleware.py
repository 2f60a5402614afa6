"""Your work: the depot's own middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from depot import tenant


class TenantMiddleware:
    """Remembers whose request it is, `X-Tenant`, for code that gets no request, and says so in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant.remember(request.headers.get("X-Tenant", tenant.NOBODY))
        response = self._get_response(request)
        response["X-Tenant"] = tenant.current()
        return response
