"""The depot's own middleware, under either kind of server."""

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from depot import tenant


@sync_and_async_middleware
def TenantMiddleware(get_response: Callable[..., object]) -> Callable[..., object]:
    """Remembers whose request it is, `X-Tenant`, for code that gets no request, and says so in the answer."""

    def begin(request: HttpRequest) -> str:
        name = request.headers.get("X-Tenant", tenant.NOBODY)
        tenant.remember(name)
        return name

    async def amiddleware(request: HttpRequest) -> HttpResponse:
        name = begin(request)
        response = await get_response(request)
        response["X-Tenant"] = name
        return response

    def middleware(request: HttpRequest) -> HttpResponse:
        name = begin(request)
        response = get_response(request)
        response["X-Tenant"] = name
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware
