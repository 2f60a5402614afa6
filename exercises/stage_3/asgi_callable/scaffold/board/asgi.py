"""Your work: the board's ASGI callable. So far it is what `django-admin startproject` writes."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")

application = get_asgi_application()
