"""The plant's pages."""

import asyncio

from django.http import HttpResponse, JsonResponse

from plant.hub import lease, line
from plant.sensors import HubDown


async def hello(request):
    """A sign of life, without the hub."""
    return HttpResponse("hello\n", content_type="text/plain")


async def status(request):
    """How the hub feels."""
    try:
        told = await (await line()).status()
    except (HubDown, OSError) as error:
        return HttpResponse(str(error), status=502, content_type="text/plain")
    return HttpResponse(told, content_type="text/plain")


async def read(request, names):
    """What these sensors measure."""
    deadline = request.GET.get("deadline")
    try:
        async with asyncio.timeout(float(deadline) if deadline else None), lease(names.split(",")) as sensors:
            readings = {sensor.name: float(await sensor.read()) for sensor in sensors}
    except TimeoutError:  # before OSError, which it is
        return JsonResponse({"error": "the deadline is over"}, status=504)
    except (HubDown, OSError) as error:
        return JsonResponse({"error": str(error)}, status=502)
    return JsonResponse({"readings": readings})
