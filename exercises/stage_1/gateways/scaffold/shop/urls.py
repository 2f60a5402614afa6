"""The shop's two pages."""

from django.urls import path

from shop import views

urlpatterns = [
    path("echo/<path:rest>", views.echo),
    path("stream/<slug:tag>/", views.stream),
]
