"""Whose shop a request is for: Django's middleware as a function, its hooks as attributes."""

from django.http import Http404, JsonResponse

from mall import directory


def TenantMiddleware(get_response):
    """Called once, when the server starts."""

    def middleware(request):
        request.tenant = directory.TENANTS.get(request.META.get("HTTP_X_TENANT", ""))
        if request.tenant and request.tenant.is_suspended:
            return JsonResponse({"error": "suspended"}, status=403)
        response = get_response(request)
        if request.tenant:
            response["X-Tenant"] = request.tenant.slug
        return response

    def process_view(request, view, args, kwargs):
        if not request.tenant and not hasattr(view, "is_public"):
            raise Http404("no such shop")

    def process_exception(request, exception):
        match exception:
            case directory.QuotaExceeded():
                return JsonResponse({"error": "quota exceeded", "tenant": request.tenant.slug}, status=429)

    middleware.process_view = process_view
    middleware.process_exception = process_exception
    return middleware
