"""The button of the banner that says what a restore holds."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from nightbell.actions import holds as actions
from nightbell.data.access.principal import Principal
from nightbell.web import session


@require_http_methods(["GET", "POST"])
@session.admin
def resume(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Page again for what is held in this organization. Pressed twice it acts once."""
    if request.method == "POST" and (count := actions.resume(principal)):
        messages.success(request, f"Paging goes on for {count} incident{'' if count == 1 else 's'}.")
    return redirect("incidents")
