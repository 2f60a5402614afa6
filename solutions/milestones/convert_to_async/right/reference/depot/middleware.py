"""The depot's own middleware, for the loop alone."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from depot import tenant


class TenantMiddleware:
    """Remembers whose request it is, `X-Tenant`, for code that gets no request, and says so in the answer."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant.remember(request.headers.get("X-Tenant", tenant.NOBODY))
        response = await self._get_response(request)
        response["X-Tenant"] = tenant.current()
        return response
