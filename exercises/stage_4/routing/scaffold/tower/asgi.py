"""Your work: which application serves a connection. Django serves all of them, so far."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tower.settings")

application = get_asgi_application()
