"""Given: the page, the login, and the way into a room."""

import json
from pathlib import Path

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from chat.identity import COOKIE, cookie_for
from chat.models import Member, Person, Room

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


@require_GET
def page(request):
    """The chat in the browser."""
    return HttpResponse(PAGE)


@csrf_exempt
@require_POST
def login(request):
    """POST {"name": N}: from now on this browser is N."""
    name = json.loads(request.body)["name"]
    Person.objects.get_or_create(name=name)
    response = JsonResponse({"name": name})
    # SameSite: no other site's page may open a socket, or post, in this name.
    response.set_cookie(COOKIE, cookie_for(name), httponly=True, samesite="Strict")
    return response


@csrf_exempt
@require_POST
def join(request):
    """POST {"room": TITLE}: whoever is signed in is a member from now on. Here anybody may."""
    room, _ = Room.objects.get_or_create(title=json.loads(request.body)["room"])
    Member.objects.get_or_create(room=room, person=Person.objects.get(name=request.user_name))
    return JsonResponse({"room": room.title})
