"""The mall's pages."""

from django.urls import path

from mall import views

urlpatterns = [
    path("hello/", views.hello),
    path("hours/", views.hours),
    path("shelf/", views.shelf),
    path("stock/", views.stock),
    path("order/", views.order),
    path("price/", views.price),
    path("export/<slug:tag>/<int:rows>/", views.export),
]
