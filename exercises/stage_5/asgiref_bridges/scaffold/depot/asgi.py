"""Given: the depot for ASGI servers, `uvicorn depot.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

application = get_asgi_application()
