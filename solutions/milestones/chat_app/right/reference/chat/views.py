"""The history of a room, to scroll back in."""

from django.http import JsonResponse
from django.views.decorators.http import require_GET

from chat.models import Member, Message, frame_of


@require_GET
def history(request):
    """GET ?room=TITLE&before=ID: the 50 messages before that one, the latest without it; oldest first."""
    member = Member.objects.filter(
        room__title=request.GET.get("room", ""), person__name=request.user_name
    ).first()
    if member is None:
        return JsonResponse({"error": "members only"}, status=403)
    before = request.GET.get("before", "")
    rows = Message.objects.latest_before(member.room_id, int(before) if before.isdecimal() else None)
    return JsonResponse({"messages": [frame_of(row) for row in reversed(rows)]})
