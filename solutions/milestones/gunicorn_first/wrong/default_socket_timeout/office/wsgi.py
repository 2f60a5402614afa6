"""What gunicorn is told to serve: `gunicorn office.wsgi`."""

import os
import socket

from django.core.wsgi import get_wsgi_application

from office.journal import Journal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.settings")

# A call that hangs is given up.
socket.setdefaulttimeout(float(os.environ.get("THEATRE_TIMEOUT_S", "10")))

application = Journal(get_wsgi_application())
