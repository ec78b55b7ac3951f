"""The page of API keys: which work, when each was last used; make one, which is shown once, and revoke one."""

from contextlib import suppress
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from nightbell.actions import keys as actions
from nightbell.core.errors import Rejected
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import keys as reads
from nightbell.web import session
from nightbell.web.settings import forms


@never_cache
@session.admin
def keys(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The keys that work. A new one is in the answer to its form, and nowhere else, not even in the session."""
    form = forms.Key(request.POST if request.method == "POST" else None)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(principal, form.cleaned_data["name"])
        except Rejected as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            form = forms.Key()
    context = {
        "form": form,
        "made": made,
        "keys": reads.working(principal),
        "now": clock.now(),
    }
    return session.page(request, principal, "web/keys.html", context, 400 if form.errors else 200)


@require_POST
@session.admin
def revoke(_request: HttpRequest, principal: Principal, key_id: UUID) -> HttpResponse:
    """Refuse a key from its next request on. One that somebody else has revoked meanwhile stays so."""
    if not reads.known(principal, key_id):
        raise Http404
    with suppress(Rejected):
        actions.revoke(principal, key_id)
    return redirect("keys")
