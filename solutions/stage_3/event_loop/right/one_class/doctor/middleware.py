"""A number for each visit: one class that is a coroutine function where its neighbours are."""

import uuid

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from clinic import visits


class VisitMiddleware:
    """Let the code below know whose visit it serves, and the visitor, too."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        if self.is_async:
            return self.acall(request)
        visit = self.begin(request)
        return self.sign(self.get_response(request), visit)

    async def acall(self, request):
        visit = self.begin(request)
        return self.sign(await self.get_response(request), visit)

    def begin(self, request):
        visit = request.headers.get("X-Visit") or uuid.uuid4().hex
        visits.enter(visit)
        return visit

    def sign(self, response, visit):
        response["X-Visit"] = visit
        return response


visit_middleware = VisitMiddleware
