"""Given: nothing is served over HTTP here."""

urlpatterns: list[object] = []
