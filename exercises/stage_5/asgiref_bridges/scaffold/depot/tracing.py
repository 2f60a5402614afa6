"""Given: the id of the request that is being served. Whoever calls the world outside sends it along."""

from contextvars import ContextVar
from inspect import iscoroutinefunction

from django.utils.decorators import sync_and_async_middleware

request_id: ContextVar[str] = ContextVar("request_id", default="nobody")


@sync_and_async_middleware
def middleware(get_response):
    """Takes the id from the header X-Request-ID."""
    if iscoroutinefunction(get_response):

        async def trace(request):
            request_id.set(request.headers.get("X-Request-ID", "nobody"))
            return await get_response(request)

    else:

        def trace(request):
            request_id.set(request.headers.get("X-Request-ID", "nobody"))
            return get_response(request)

    return trace
