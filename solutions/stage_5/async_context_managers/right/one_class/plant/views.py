"""The plant's pages."""

import asyncio

from django.http import HttpResponse, JsonResponse

from plant.hub import Lease, running
from plant.sensors import HubDown

PATIENCE_S = 60


async def hello(request):
    """A sign of life."""
    return HttpResponse("hello\n")


async def status(request):
    """How the hub feels."""
    try:
        return HttpResponse(await running.status())
    except (HubDown, OSError):
        return HttpResponse(status=502)


async def read(request, names):
    """All sensors at once."""
    try:
        async with asyncio.timeout(float(request.GET.get("deadline", PATIENCE_S))):
            async with Lease(names.split(",")) as sensors:
                values = await together({sensor.name: sensor.read() for sensor in sensors})
                return JsonResponse({"readings": {name: float(value) for name, value in values.items()}})
    except TimeoutError:
        return HttpResponse(status=504)
    except (HubDown, OSError):
        return HttpResponse(status=502)


async def together(coroutines):
    """Their values; when one fails, its error, and the others are cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(coroutine) for name, coroutine in coroutines.items()}
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return {name: task.result() for name, task in tasks.items()}
