"""Your work: the plant's pages."""

from django.http import HttpResponse, JsonResponse

from plant.sensors import Line, Sensor


async def hello(request):
    """A sign of life, without the hub. It may stay."""
    return HttpResponse("hello\n", content_type="text/plain")


async def status(request):
    """To do: one line for all, and not a new one for each visitor."""
    line = await Line.open()
    return HttpResponse(await line.status(), content_type="text/plain")


async def read(request, names):
    """To do: all leased or none, five at most in the process, and given back whatever happens."""
    readings = {}
    for name in names.split(","):
        sensor = await Sensor.lease(name)
        readings[name] = float(await sensor.read())
        await sensor.release()
    return JsonResponse({"readings": readings})
