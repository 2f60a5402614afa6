"""Given, to try and to measure: the same chat by long polling, for one process. `/poll/` is no part of your work."""

import json
import threading

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

WAIT_S = 25

messages = []
news = threading.Condition()


@csrf_exempt
def poll(request):
    """POST {"text": T} says something. GET ?seen=N answers what came after the first N, and waits until there is some."""
    if request.method == "POST":
        with news:
            messages.append({"from": request.user_name, "text": json.loads(request.body)["text"]})
            news.notify_all()
        return JsonResponse({"status": "ok"})
    seen = int(request.GET.get("seen", "0"))
    with news:
        # The thread of this request waits here: each listener holds one.
        news.wait_for(lambda: len(messages) > seen, WAIT_S)
        return JsonResponse({"messages": messages[seen:], "seen": len(messages)})
