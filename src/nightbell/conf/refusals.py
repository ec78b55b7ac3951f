"""What answers a request that is refused before anything of ours sees it: with the setting to change, where one is."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template import loader

from nightbell.api import errors


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page, or for the API the envelope, of 400."""
    wrong_host = isinstance(exception, DisallowedHost)
    if wrong_host and request.path_info.startswith("/v1/"):
        says = "This installation has another host name: NIGHTBELL_URL says which, NIGHTBELL_ALLOWED_HOSTS adds more."
        return errors.of_problem(request, errors.Problem("bad_request", says))
    return HttpResponse(loader.render_to_string("400.html", {"wrong_host": wrong_host}), status=400)
