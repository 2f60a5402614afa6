"""Given: the desk for ASGI servers, `uvicorn desk.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")

application = get_asgi_application()
