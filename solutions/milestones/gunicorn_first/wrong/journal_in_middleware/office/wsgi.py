"""What gunicorn is told to serve: `gunicorn office.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.settings")

application = get_wsgi_application()
