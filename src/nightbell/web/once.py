"""A form that is sent twice acts once: the only place that marks a form, and that leads its second sending on.

The mark is new whenever the form is drawn, so that somebody who goes back and fills it in anew acts anew. What was sent
counts too: another text in a form that was kept open is another act.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nightbell.actions import once
from nightbell.data.access.principal import Principal

FIELD = "once"
_MARK = re.compile(r"[A-Za-z0-9_-]{16,64}")
# Of the same form, and another each time it is drawn.
_APART = frozenset({FIELD, "csrfmiddlewaretoken"})


def field() -> SafeString:
    """A mark, for a form whose act is worth doing once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(16))


def acting(request: HttpRequest, principal: Principal, act: Callable[[], HttpResponse]) -> HttpResponse:
    """What `act` answers; where the same form has succeeded before, the page that led to, and nothing is done."""
    mark = request.POST.get(FIELD, "") if request.method == "POST" else ""
    if not _MARK.fullmatch(mark):
        return act()
    answers: list[HttpResponse] = []

    def run() -> once.Answer:
        answers.append(act())
        return once.Answer(answers[-1].status_code, answers[-1].get("Location", ""))

    asked = f"{principal.organization_id} {request.method} {request.path_info}"
    assert principal.actor.id is not None
    done = once.once(principal, asked, f"{mark} {_content(request)}", b"", run, _led_on)
    return redirect(done.text) if done.again else answers[-1]


def _content(request: HttpRequest) -> str:
    sent = sorted((name, values) for name, values in request.POST.lists() if name not in _APART)
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()


def _led_on(status: int) -> bool:
    """Whether it was done: a page that says why not, or that only shows what would follow, is shown again."""
    return 300 <= status < 400
