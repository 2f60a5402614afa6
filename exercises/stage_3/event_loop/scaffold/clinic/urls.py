"""Given: the clinic's addresses."""

from django.urls import path

from clinic import ill, pages, views

urlpatterns = [
    path("pulse/", pages.pulse),
    path("card/<str:patient>/", pages.card),
    path("chart/<str:patient>/", pages.chart),
    path("broken/", pages.broken),
    path("lag/", pages.lag),
    path("triage/<str:patient>/", views.triage),
    path("notes/<str:patient>/", views.notes),
    path("xray/<str:patient>/", ill.xray),
    path("census/", ill.census),
    path("audit/<str:patient>/", ill.audit),
    path("ledger/", ill.ledger),
]
