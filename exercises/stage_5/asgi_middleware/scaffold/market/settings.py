"""Given: the market's settings."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "market.urls"
ASGI_APPLICATION = "market.asgi.application"
WSGI_APPLICATION = "market.wsgi.application"
INSTALLED_APPS = []
MIDDLEWARE = ["market.middleware.ShopMiddleware"]
DATABASES = {}

TIME_ZONE = "UTC"
USE_TZ = True

# Errors and warnings go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
