"""Every address of an installation."""

from django.urls import URLPattern, URLResolver, include, path

from nightbell.api import reference, v1
from nightbell.conf import refusals

handler400 = refusals.bad_request

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include("nightbell.api.v1")),
    path("docs", reference.page),
    path("openapi.json", v1.openapi),
    path("slack/", include("nightbell.inbound.slack.urls")),
    path("", include("nightbell.web.urls")),
    path("accounts/", include("nightbell.accounts.urls")),
]
