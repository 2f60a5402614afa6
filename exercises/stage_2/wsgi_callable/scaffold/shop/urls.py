"""The shop's pages. They know nothing of /shop: where the site is mounted, the server says."""

from django.urls import path

from shop import views

urlpatterns = [
    path("", views.home, name="home"),
    path("hello/", views.hello, name="hello"),
    path("about/", views.about, name="about"),
    path("find/<str:word>/", views.find, name="find"),
    path("echo/<path:rest>", views.echo, name="echo"),
    path("labels/", views.labels, name="labels"),
    path("prices.csv", views.price_list, name="price-list"),
    path("stock/", views.stock, name="stock"),
]
