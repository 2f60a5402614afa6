"""The shop's pages at the fair: one more than at home."""

from django.urls import path

from shop import views
from shop.urls import urlpatterns as shop_pages

urlpatterns = [*shop_pages, path("stand/", views.stand, name="stand")]
