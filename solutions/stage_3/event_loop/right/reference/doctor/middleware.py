"""A number for each visit, under either interface: Django asks for the form that its neighbours have."""

import uuid

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware

from clinic import visits


@sync_and_async_middleware
def visit_middleware(get_response):
    """Let the code below know whose visit it serves, and the visitor, too."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            visit = _enter(request)
            return _signed(await get_response(request), visit)

    else:

        def middleware(request):
            visit = _enter(request)
            return _signed(get_response(request), visit)

    return middleware


def _enter(request):
    visit = request.headers.get("X-Visit") or uuid.uuid4().hex
    visits.enter(visit)
    return visit


def _signed(response, visit):
    response.headers["X-Visit"] = visit
    return response
