"""Given: what Django serves. All else gets its page for what is not found."""

from django.urls import path

from tower import views

urlpatterns = [
    path("health/", views.health),
    path("ring/<int:id>/", views.ring),
]
handler404 = views.not_found
