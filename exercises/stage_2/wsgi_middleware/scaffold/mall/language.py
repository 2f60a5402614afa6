"""Each tenant's pages say which language they are in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class TenantLanguage:
    """Sets Content-Language to the language of `request.tenant`; English where there is no tenant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tenant = getattr(request, "tenant", None)
        response = self.get_response(request)
        response["Content-Language"] = tenant.language if tenant else "en"
        return response
