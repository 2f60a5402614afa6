"""The mall's settings: as little as a real project can have."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

ROOT_URLCONF = "mall.urls"
WSGI_APPLICATION = "mall.wsgi.application"
INSTALLED_APPS: list[str] = []

# The first is the outermost: entered first, left last.
MIDDLEWARE = [
    "mall.faults.FaultPages",
    "mall.language.TenantLanguage",
]

USE_TZ = True
# Django exports this to the process: in another zone, gunicorn's log would change its clock when Django loads.
TIME_ZONE = "UTC"

# With DEBUG off, Django would only mail an error's traceback. Print it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
