"""Given: the plant's addresses."""

from django.urls import path

from plant import views

urlpatterns = [
    path("hello/", views.hello),
    path("status/", views.status),
    path("read/<str:names>/", views.read),
]
