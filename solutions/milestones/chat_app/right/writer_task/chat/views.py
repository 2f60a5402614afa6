from django.core.exceptions import PermissionDenied
from django.http import JsonResponse

from chat.models import Member, Message


async def history(request):
    room, before = request.GET.get("room", ""), request.GET.get("before")
    if not await Member.objects.filter(person__name=request.user_name, room__title=room).aexists():
        raise PermissionDenied
    messages = Message.objects.filter(room__title=room).select_related("author").order_by("-id")
    if before:
        messages = messages.filter(id__lt=before)
    found = [{"id": m.id, "from": m.author.name, "text": m.text} async for m in messages[:50]]
    found.reverse()
    return JsonResponse({"messages": found})
