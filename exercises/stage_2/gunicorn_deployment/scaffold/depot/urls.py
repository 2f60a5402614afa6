"""The depot's five pages."""

from django.urls import path

from depot import views

urlpatterns = [
    path("hello/", views.hello),
    path("pid/", views.pid),
    path("release/", views.release),
    path("report/<slug:tag>/", views.report),
    path("export/<slug:tag>/", views.export),
]
