"""Whose shop a request is for. Django's own kind of middleware: it meets requests and responses, not bytes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from mall.directory import TENANTS, QuotaExceeded


class TenantMiddleware:
    """Finds the tenant of each request, and answers for those that have none, or may not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tenant = TENANTS.get(request.headers.get("X-Tenant", ""))
        request.tenant = tenant
        if tenant and tenant.is_suspended:
            return JsonResponse({"error": "suspended"}, status=403)
        response = self.get_response(request)
        if tenant and response.status_code < 400:
            response["X-Tenant"] = tenant.slug
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Only here is the view known, and not yet called."""
        if request.tenant is None and not getattr(view, "is_public", False):
            return JsonResponse({"error": "unknown tenant"}, status=404)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """None leaves all other exceptions to the layers outside."""
        if isinstance(exception, QuotaExceeded):
            return JsonResponse({"error": "quota exceeded", "tenant": request.tenant.slug}, status=429)
        return None
