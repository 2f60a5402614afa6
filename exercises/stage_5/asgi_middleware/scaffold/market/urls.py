"""Given: the market's addresses."""

from django.urls import path

from market import views

urlpatterns = [
    path("hello/", views.hello),
    path("blocking/<str:tag>/", views.blocking),
    path("awaited/<str:tag>/", views.awaited),
    path("rows/<str:tag>/", views.rows),
    path("broken/", views.broken),
    path("stack/", views.stack),
    path("threads/", views.threads),
]
