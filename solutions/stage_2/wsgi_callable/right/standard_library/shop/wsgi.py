"""What a WSGI server is told to serve: `gunicorn shop.wsgi:application`."""

import os
from wsgiref.util import shift_path_info

import django
from django.core.checks import run_checks
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup(set_prefix=False)

# Django's own checks look at every URL, so they import the URLconf.
run_checks()
_django = WSGIHandler()


def application(environ, start_response):
    environ = dict(environ)
    match shift_path_info(environ):
        case "shop":
            return _django(environ, start_response)
        case "healthz":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"alive": true}']
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"nothing here\n"]
