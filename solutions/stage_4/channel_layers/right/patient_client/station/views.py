"""What other programs ask of the station: thin views around station.layer."""

import json

from django.http import JsonResponse
from redis.exceptions import RedisError

from station import layer


async def announce(request):
    asked = json.loads(request.body)
    try:
        await layer.announce(asked["room"], asked["text"])
    except RedisError as error:
        return JsonResponse({"error": str(error)}, status=503)
    return JsonResponse({"room": asked["room"]})


async def healthz(request):
    try:
        await layer.is_carrying()
    except TimeoutError:
        return JsonResponse({"reason": "the layer takes too long"}, status=503)
    except RedisError as error:
        return JsonResponse({"reason": str(error)}, status=503)
    return JsonResponse({"reason": ""})
