"""Your work: what other programs ask of the chat. A view lives in one process, the user's tabs may be in any."""

from django.http import JsonResponse
from django.views.decorators.http import require_POST


@require_POST
def notify(request, user):
    """POST {"text": T}: every socket of `user`, in every process, gets {"notice": T}."""
    return JsonResponse({"error": "not written yet"}, status=501)


@require_POST
def kick(request, user):
    """POST: every socket of `user`, in every process, is closed with 4403."""
    return JsonResponse({"error": "not written yet"}, status=501)
