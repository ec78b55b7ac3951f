"""What Slack sends when somebody clicks a button or fills in a form: the same actions as everywhere else."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse, QueryDict

from nightbell.actions import incidents as actions
from nightbell.channels.slack import blocks
from nightbell.core.errors import Rejected
from nightbell.core.incident import state
from nightbell.data.access.principal import Principal
from nightbell.inbound import door
from nightbell.inbound.slack import entry, forms, handing, opening, outcomes, replies, users

# What a form's submission does, by the name the form was given.
FORMS = {handing.FORM: handing.submit, opening.FORM: opening.submit}


@entry.signed
def receive(form: QueryDict) -> HttpResponse:
    """One click or one form. Slack is answered at once; whatever takes longer is told afterwards."""
    try:
        payload = json.loads(str(form["payload"]))
        kind, somebody = payload["type"], users.of_payload(payload)
    except (KeyError, TypeError, ValueError, AttributeError):
        return HttpResponse("not a payload of Slack's", status=400, content_type="text/plain")
    if kind == "block_actions":
        for action in payload.get("actions", ()):
            door.timely(partial(_click, payload, somebody, action), lambda _: None)
        return HttpResponse()
    if kind == "view_submission":
        return _submission(payload, somebody)
    # A form that was closed, and kinds that nothing of ours causes.
    return HttpResponse()


def _click(payload: Mapping[str, Any], somebody: users.Somebody, action: Mapping[str, Any]) -> None:
    """Do what a button says. What there is to say is for whoever clicked; the message itself shows the new state."""
    act = _BUTTONS.get(str(action.get("action_id")))
    if act is None:
        return
    said = _said(partial(act, payload, somebody, str(action.get("value"))))
    if said:
        replies.privately(str(payload.get("response_url") or ""), said)


def _said(act: Callable[[], str]) -> str:
    try:
        return act()
    except users.CannotAct as refused:
        return str(refused)
    except Rejected as refusal:
        return refusal.in_words
    except door.LOST_DATABASE:
        return door.NOT_CONFIRMED


def _acknowledge(_payload: Mapping[str, Any], somebody: users.Somebody, value: str) -> str:
    principal = users.member(somebody)
    view = actions.acknowledge(principal, _incident(value))
    mine = view.incident.acknowledged_by is not None and view.incident.acknowledged_by.id == principal.actor.id
    # The message says so itself in a moment, to everybody.
    return "" if mine and view.incident.state is state.State.ACKNOWLEDGED else outcomes.acknowledged(view, principal)


def _resolve(_payload: Mapping[str, Any], somebody: users.Somebody, value: str) -> str:
    actions.resolve(users.member(somebody), _incident(value))
    return ""


def _hand_off(payload: Mapping[str, Any], somebody: users.Somebody, value: str) -> str:
    principal = users.member(somebody)
    return handing.offer(principal, _incident(value), str(payload.get("trigger_id")), str(payload.get("response_url")))


def _test(_payload: Mapping[str, Any], somebody: users.Somebody, _value: str) -> str:
    principal: Principal = users.member(somebody)
    return f"It works: your answer has reached Nightbell, from {principal.actor.name}."


_BUTTONS: dict[str, Callable[[Mapping[str, Any], users.Somebody, str], str]] = {
    blocks.ACKNOWLEDGE: _acknowledge,
    blocks.RESOLVE: _resolve,
    blocks.HAND_OFF: _hand_off,
    blocks.TEST: _test,
}


def _submission(payload: Mapping[str, Any], somebody: users.Somebody) -> HttpResponse:
    submit = FORMS.get(str(payload.get("view", {}).get("callback_id")))
    if submit is None:
        return HttpResponse()
    answer = door.timely(partial(_submitted, submit, somebody, payload["view"]), partial(_told_late, payload["view"]))
    return JsonResponse(answer) if answer else HttpResponse()


def _submitted(
    submit: Callable[[Principal, Mapping[str, Any]], dict[str, Any]],
    somebody: users.Somebody,
    view: Mapping[str, Any],
) -> dict[str, Any]:
    """What Slack does with the form: nothing said closes it."""
    try:
        return submit(users.member(somebody), view)
    except users.CannotAct as refused:
        return forms.notice(str(refused))
    except Rejected as refusal:
        return forms.notice(refusal.in_words)
    except door.LOST_DATABASE:
        return forms.notice(door.NOT_CONFIRMED)
    except (KeyError, ValueError):
        return forms.notice("This form is from another time: nothing was done. Open it anew.")


def _told_late(view: Mapping[str, Any], answer: dict[str, Any]) -> None:
    """The form is closed by then: what it would have shown is told where it came from."""
    if said := forms.in_words(answer):
        replies.privately(str(forms.kept(view).get("response_url")), said)


def _incident(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise users.CannotAct("This button is from another time: open the incident anew.") from None
