"""Given: the depot's settings. No database; the same for uvicorn, gunicorn and the command line."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "depot.urls"
ASGI_APPLICATION = "depot.asgi.application"
WSGI_APPLICATION = "depot.wsgi.application"
INSTALLED_APPS = ["depot"]
MIDDLEWARE = ["depot.tracing.middleware"]
USE_TZ = True

# Errors go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}
