"""Given: the depot for WSGI servers, as it was until today."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

application = get_wsgi_application()
