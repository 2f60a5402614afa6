"""Given: the depot's pages."""

from django.urls import path

from depot import views

urlpatterns = [
    path("ping/", views.ping),
    path("locate/", views.locate),
    path("stamp/", views.stamp),
    path("hand-over/", views.hand_over),
    path("look-up/", views.look_up),
]
