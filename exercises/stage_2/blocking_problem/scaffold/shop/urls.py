"""The shop's two pages."""

from django.urls import path

from shop import views

urlpatterns = [
    path("hello/", views.hello),
    path("report/<slug:tag>/", views.report),
]
