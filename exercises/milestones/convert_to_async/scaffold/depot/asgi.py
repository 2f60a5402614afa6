"""Your work: the depot for ASGI servers, as `startproject` wrote it. Nobody has ever started it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

application = get_asgi_application()
