"""Given: how a clerk signs in."""

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods


@ensure_csrf_cookie
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Signs in whoever sends a user and a password that belong together: the depot's own is clerk, with `parts`."""
    if request.method == "GET":
        return HttpResponse("user and password, please\n", content_type="text/plain")
    user = authenticate(request, username=request.POST.get("user"), password=request.POST.get("password"))
    if user is None:
        return HttpResponseForbidden("these do not belong together\n", content_type="text/plain")
    login(request, user)
    return redirect("/whoami/")
