"""Given: the desk's addresses. The names on the right are those of views.py and api.py."""

from django.urls import path

from desk import api, views

urlpatterns = [
    path("hello/", views.hello),
    path("dash/", views.dash),
    path("search/", views.Search.as_view()),
    path("events/", views.events),
    path("invoice/<int:number>/", views.invoice),
    path("price/<str:name>/", api.Price.as_view()),
]
