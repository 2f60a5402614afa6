"""Given: what other programs call."""

from django.urls import path

from chat import views

urlpatterns = [
    path("notify/<slug:user>/", views.notify),
    path("kick/<slug:user>/", views.kick),
]
