"""Your work: a number for each visit. So far it is a middleware of the old kind, which knows requests and no loop."""

import uuid

from clinic import visits


def visit_middleware(get_response):
    """Let the code below know whose visit it serves, and the visitor, too."""

    def middleware(request):
        visit = request.headers.get("X-Visit") or uuid.uuid4().hex
        visits.enter(visit)
        response = get_response(request)
        response.headers["X-Visit"] = visit
        return response

    return middleware
