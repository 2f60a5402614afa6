"""The box office's pages."""

from django.urls import path

from office import views

urlpatterns = [
    path("hello/", views.hello),
    path("seats/<slug:show>/", views.seats),
    path("orders/<slug:show>/", views.order),
    path("guests/<slug:show>/", views.guest_list),
]
