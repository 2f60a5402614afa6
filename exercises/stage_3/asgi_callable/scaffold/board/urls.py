"""Given: the board's addresses."""

from django.urls import path

from board import views

urlpatterns = [
    path("hello/", views.hello),
    path("departures/<str:station>/", views.departures),
    path("ticker/<str:station>/", views.ticker),
    path("receipt/", views.receipt),
]
