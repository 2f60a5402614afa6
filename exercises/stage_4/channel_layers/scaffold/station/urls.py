"""Given. `announce` and `healthz` may be views of either kind."""

from django.urls import path

from station import views

urlpatterns = [
    path("api/announce/", views.announce),
    path("healthz/", views.healthz),
]
