"""Given: the addresses."""

from django.urls import path

from chat import doors, longpoll, views

urlpatterns = [
    path("", doors.page),
    path("login/", doors.login),
    path("join/", doors.join),
    path("history/", views.history),
    path("poll/", longpoll.poll),
]
