"""Given: the tower's settings. It has no database: what is said in a room is not kept."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "tower.urls"
ASGI_APPLICATION = "tower.asgi.application"
INSTALLED_APPS = ["rooms", "feed"]
# No cookies and no forms here: there is nothing CSRF could abuse.
MIDDLEWARE = []
DATABASES = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
