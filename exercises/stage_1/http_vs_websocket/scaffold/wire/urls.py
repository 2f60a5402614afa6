"""Given: the site's addresses over HTTP. The names on the right are those of views.py."""

from django.urls import path

from wire import views

urlpatterns = [
    path("hello/", views.hello),
    path("notify/", views.notify),
    path("poll/", views.poll),
]
