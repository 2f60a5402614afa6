"""Given: the depot's twelve addresses."""

from django.urls import path

from depot import accounts, views

urlpatterns = [
    path("ping/", views.ping),
    path("login/", accounts.sign_in),
    path("whoami/", views.whoami),
    path("visit/", views.visit),
    path("parts/", views.parts),
    path("rates/<slug:part>/", views.rates),
    path("events/<slug:part>/", views.events),
    path("digest/<str:text>/", views.digest),
    path("label/<int:number>/", views.label),
    path("manual/", views.manual),
    path("upload/", views.upload),
    path("export/<slug:name>/", views.export),
]
