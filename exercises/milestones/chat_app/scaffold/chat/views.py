"""Your work: the history of a room."""

from django.http import JsonResponse


def history(request):
    """GET ?room=TITLE&before=ID: the 50 messages before that one. `request.user_name` is who asks."""
    return JsonResponse({"error": "not written yet"}, status=501)
