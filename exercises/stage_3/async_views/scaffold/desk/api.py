"""Your work, too: one price for other programs, by Django REST framework. Half converted: it answers 500."""

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from desk import suppliers


class Price(APIView):
    """What one supplier asks for."""

    async def get(self, request: Request, name: str) -> Response:
        """`{"name": ..., "price": ...}`"""
        if name not in suppliers.NAMES:
            raise NotFound
        return Response({"name": name, "price": suppliers.fetch(name)})
