"""The last resort: whatever a view raises becomes a short page that says nothing of the inside."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

logger = logging.getLogger(__name__)


class FaultPages:
    """Answers every exception of a view with status 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase:
        logger.error("%s: %s", request.path, exception, exc_info=exception)
        return JsonResponse({"error": "fault", "type": type(exception).__name__}, status=500)
