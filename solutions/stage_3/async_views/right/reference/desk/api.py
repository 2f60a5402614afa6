"""One price for other programs. Django REST framework knows no coroutines: a thread waits for each visitor."""

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from desk import suppliers


class Price(APIView):
    """What one supplier asks for."""

    def get(self, request: Request, name: str) -> Response:
        """`{"name": ..., "price": ...}`"""
        if name not in suppliers.NAMES:
            raise NotFound
        return Response({"name": name, "price": suppliers.fetch(name)})
