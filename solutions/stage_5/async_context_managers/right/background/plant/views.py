"""The plant's pages, as classes and by `wait_for`."""

import asyncio

from django.http import HttpResponse, JsonResponse
from django.views import View

from plant import hub
from plant.sensors import HubDown


async def hello(request):
    """A sign of life."""
    return HttpResponse("hello\n")


class Page(View):
    """A page that asks the hub, and what is answered when that fails."""

    async def get(self, request, *args, **kwargs):
        """The page; 504 when it is late, 502 when the hub fails, by itself or in a group."""
        late_s = request.GET.get("deadline")
        try:
            return await asyncio.wait_for(self.page(*args, **kwargs), None if late_s is None else float(late_s))
        except asyncio.TimeoutError:
            return HttpResponse("late", status=504)
        except (HubDown, OSError) as error:
            return HttpResponse(repr(error), status=502)
        except BaseExceptionGroup as group:
            if group.split((HubDown, OSError))[1] is not None:
                raise
            return HttpResponse(repr(group), status=502)


class Status(Page):
    """How the hub feels."""

    async def page(self):
        """In its own words."""
        line = await hub.line()
        return HttpResponse(await line.status())


class Read(Page):
    """What some sensors measure."""

    async def page(self, names):
        """One after the other."""
        async with hub.leased(*names.split(",")) as sensors:
            return JsonResponse({"readings": {name: float(await one.read()) for name, one in sensors.items()}})


status, read = Status.as_view(), Read.as_view()
