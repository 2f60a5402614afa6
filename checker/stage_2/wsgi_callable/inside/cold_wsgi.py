"""Django's usual wsgi.py, drawn beside the learner's in the picture: gunicorn serves it from a copy of the project."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
