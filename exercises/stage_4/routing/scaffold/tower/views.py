"""Given: Django's pages."""

from django.http import JsonResponse
from django.views.decorators.http import require_POST

from tower import bell, opening


def health(request):
    """Whether the process has been opened by a lifespan (opening.py)."""
    return JsonResponse({"open": opening.is_open})


@require_POST
async def ring(request, id):
    """POST: each long poll of this number is answered; tells how many there were."""
    return JsonResponse({"rung": bell.ring(id)})


def not_found(request, exception):
    """Django's page for addresses that it does not know. `root` is where the site is mounted."""
    page = {"not_found": request.path, "query": request.META["QUERY_STRING"], "root": request.META["SCRIPT_NAME"]}
    return JsonResponse(page, status=404)
