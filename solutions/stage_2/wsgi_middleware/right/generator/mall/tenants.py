"""Whose shop a request is for, in the hooks that Django's MiddlewareMixin calls."""

from django.http import JsonResponse
from django.utils.deprecation import MiddlewareMixin

from mall.directory import TENANTS, QuotaExceeded


class TenantMiddleware(MiddlewareMixin):
    """process_request and process_response stand for what comes before and after get_response."""

    def process_request(self, request):
        request.tenant = TENANTS.get(request.META.get("HTTP_X_TENANT"))
        if request.tenant is not None and request.tenant.is_suspended:
            return JsonResponse({"error": "suspended"}, status=403)
        return None

    def process_view(self, request, view_func, view_args, view_kwargs):
        if request.tenant or hasattr(view_func, "is_public"):
            return None
        return JsonResponse({"error": "unknown tenant"}, status=404)

    def process_exception(self, request, exception):
        if not isinstance(exception, QuotaExceeded):
            return None
        return JsonResponse({"error": "quota exceeded", "tenant": request.tenant.slug}, status=429)

    def process_response(self, request, response):
        if request.tenant is not None:
            response.headers["X-Tenant"] = request.tenant.slug
        return response
