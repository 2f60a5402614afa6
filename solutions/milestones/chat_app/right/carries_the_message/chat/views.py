from asgiref.sync import sync_to_async
from django.http import HttpResponseForbidden, JsonResponse
from django.views import View

from chat import models


class History(View):
    async def get(self, request):
        member = await sync_to_async(models.membership)(request.GET.get("room"), request.user_name)
        if member is None:
            return HttpResponseForbidden()
        before = request.GET.get("before")
        messages = await sync_to_async(models.page)(member.room_id, before and int(before))
        return JsonResponse({"messages": messages})


history = History.as_view()
