"""A number for each visit, in the form of Django's own middleware."""

import uuid

from clinic import visits
from django.utils.deprecation import MiddlewareMixin


class visit_middleware(MiddlewareMixin):
    """Let the code below know whose visit it serves, and the visitor, too."""

    def process_request(self, request):
        """The first to see a request."""
        request.visit = request.headers.get("X-Visit") or str(uuid.uuid4())
        visits.enter(request.visit)

    def process_response(self, request, response):
        """The last to see its answer."""
        response.headers["X-Visit"] = request.visit
        return response
