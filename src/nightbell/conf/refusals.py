"""What answers a request that is refused before anything of ours sees it: with the setting to change, where one is."""

from allauth.account.utils import get_login_redirect_url
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.urls import reverse

from nightbell.api import access, errors


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page, or for the API the envelope, of 400."""
    wrong_host = isinstance(exception, DisallowedHost)
    if wrong_host and request.path_info.startswith("/v1/"):
        says = "This installation has another host name: NIGHTBELL_URL says which, NIGHTBELL_ALLOWED_HOSTS adds more."
        return errors.of_problem(request, errors.Problem("bad_request", says))
    return HttpResponse(loader.render_to_string("400.html", {"wrong_host": wrong_host}), status=400)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """The page of a form whose token is missing or old, or that comes from elsewhere.

    Who signs in a second time, in another tab, is in already, and goes on to where that tab was going.
    """
    why = access.why_refused(request)
    if not why and request.user.is_authenticated and request.path_info == reverse(settings.LOGIN_URL):
        return redirect(get_login_redirect_url(request))
    return render(request, "403_csrf.html", {"why": why}, status=403)
