"""What the buttons of an incident's page do: each is a form that acts once, or says why it did not."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms as django_forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from nightbell.actions import incidents as actions
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.web import session
from nightbell.web.incidents import forms, pages

Act = Callable[[], Any]


@require_http_methods(["GET", "POST"])
@session.member
def acknowledge(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """I am on it. Never stale: whoever is on it first stays, and everybody else sees who that is."""
    if request.method == "GET":
        return redirect("incident", number=number)
    return _do(request, principal, number, "acknowledge", lambda: actions.acknowledge(principal, number))


@require_http_methods(["GET", "POST"])
@session.member
def hand_off(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """Not me, her. Also *Change owner*: one act, two doors."""
    if request.method == "GET":
        return pages.show(request, principal, number, opened="handoff", typed=session.take_draft(request))
    form, seen = forms.HandOff(request.POST), forms.Seen(request.POST).seen()
    if not form.is_valid():
        return _incomplete(request, principal, number, "handoff", form)
    given = form.cleaned_data
    return _do(
        request,
        principal,
        number,
        "handoff",
        lambda: actions.hand_off(principal, number, given["target"], given["note"], seen),
    )


@require_http_methods(["GET", "POST"])
@session.member
def escalate(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """Page the next layer now. Pressed twice from one screen it acts once."""
    if request.method == "GET":
        return pages.show(request, principal, number, opened="escalate")
    seen = forms.Seen(request.POST).seen()
    return _do(request, principal, number, "escalate", lambda: actions.escalate(principal, number, seen))


@require_http_methods(["GET", "POST"])
@session.member
def change_status(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """One step forward."""
    if request.method == "GET":
        return redirect("incident", number=number)
    form = forms.Status(request.POST)
    if not form.is_valid():
        return _incomplete(request, principal, number, "status", form)
    return _do(
        request,
        principal,
        number,
        "status",
        lambda: actions.change_status(principal, number, form.cleaned_data["status"]),
    )


@require_http_methods(["GET", "POST"])
@session.member
def resolve(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """All the steps that are left. Opening the form is the question, pressing its button the answer."""
    if request.method == "GET":
        return pages.show(request, principal, number, opened="resolve", typed=session.take_draft(request))
    form = forms.Resolve(request.POST)
    if not form.is_valid():
        return _incomplete(request, principal, number, "resolve", form)
    note = form.cleaned_data["note"] or None
    return _do(request, principal, number, "resolve", lambda: actions.resolve(principal, number, note))


def _do(request: HttpRequest, principal: Principal, number: int, name: str, act: Act) -> HttpResponse:
    """Act, then show the incident as it is; or show it as it is with what was refused and what was typed."""
    try:
        act()
    except Rejected as refused:
        if refused.code is Code.NOT_FOUND:
            raise Http404 from None
        stale = refused.code is Code.STALE_INCIDENT
        status = HTTPStatus.CONFLICT if stale else HTTPStatus.BAD_REQUEST
        return _refused(request, principal, number, name, refused.in_words, status, stale=stale)
    return redirect("incident", number=number)


def _incomplete(
    request: HttpRequest, principal: Principal, number: int, name: str, form: django_forms.Form
) -> HttpResponse:
    field, errors = next(iter(form.errors.items()))
    message = f"{field.capitalize()}: {errors[0]}"
    return _refused(request, principal, number, name, message, HTTPStatus.BAD_REQUEST, stale=False)


def _refused(
    request: HttpRequest, principal: Principal, number: int, name: str, message: str, status: int, *, stale: bool
) -> HttpResponse:
    typed = {field: request.POST.get(field, "") for field in ("note", "target")}
    refusal: dict[str, Any] = {"act": name, "message": message, "stale": stale}
    return pages.show(request, principal, number, opened=name, typed=typed, refusal=refusal, status=status)
