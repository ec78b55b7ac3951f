"""Handing an incident off from Slack: the form with its people and its note, and what pressing its button does."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from nightbell.actions import incidents as actions
from nightbell.channels.slack import text
from nightbell.channels.slack.blocks import Block
from nightbell.channels.slack.client import Failed
from nightbell.core import message
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import commands, state
from nightbell.data import secrets
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents, people
from nightbell.data.reads import workspaces as reads
from nightbell.inbound.slack import forms, users

FORM = "hand_off"
TARGET, NOTE = "target", "note"


def offer(principal: Principal, incident_id: UUID, trigger_id: str, response_url: str) -> str:
    """Open the form for somebody who clicked; what to say to them where it does not open. Raises Rejected."""
    view = incidents.one(principal, incident_id)
    if view is None:
        raise Rejected(Code.NOT_FOUND, "There is no such incident.")
    if view.incident.state is state.State.CLOSED:
        raise Rejected(Code.INCIDENT_RESOLVED, "The incident is resolved.")
    return open_form(principal, trigger_id, _form(principal, view, response_url))


def open_form(principal: Principal, trigger_id: str, form: Block) -> str:
    """Show a form to whoever's click this was; what to say to them where Slack does not."""
    workspace = reads.workspace(principal)
    assert workspace is not None  # they were found by it
    try:
        users.client(workspace).call("views.open", trigger_id=trigger_id, view=form)
    except (Failed, secrets.Unreadable):
        return "Slack did not open the form. Nothing was done: please try again."
    return ""


def submit(principal: Principal, view: Mapping[str, Any]) -> forms.Answer:
    """The button of the form. It acts on what it showed, or says what has changed. Raises Rejected."""
    kept = forms.kept(view)
    incident_id, seen = UUID(kept["incident"]), commands.Seen(int(kept["epoch"]))
    target, note = forms.filled(view, TARGET), forms.filled(view, NOTE)
    try:
        actions.hand_off(principal, incident_id, UUID(target), note, seen)
    except Rejected as refusal:
        if refusal.code is Code.INVALID_TARGET_USER:
            return forms.wrong(TARGET, refusal.in_words)
        if refusal.code is Code.STALE_INCIDENT:
            return _anew(principal, incident_id, kept["response_url"], (target, note), refusal.in_words)
        raise
    return {}


def _anew(
    principal: Principal, incident_id: UUID, response_url: str, typed: tuple[str, str], first: str
) -> forms.Answer:
    """The form as it would open now, with what was typed, and first what has changed."""
    view = incidents.one(principal, incident_id)
    assert view is not None  # it was there a moment ago, and incidents are never deleted
    return forms.instead(_form(principal, view, response_url, typed=typed, first=first))


def _form(
    principal: Principal,
    view: incidents.IncidentView,
    response_url: str,
    *,
    typed: tuple[str, str] = ("", ""),
    first: str = "",
) -> Block:
    incident = view.incident
    likely = incidents.foreseen(view).next_in_line
    everybody = people.active(principal)
    next_ones = [(str(each.id), each.name) for each in everybody if each.id in likely]
    others = [(str(each.id), each.name) for each in everybody if each.id not in likely]
    chosen, note = typed
    return forms.form(
        FORM,
        f"Hand off #{view.number}",
        "Hand off",
        {"incident": str(incident.id), "epoch": incident.epoch, "response_url": response_url},
        [
            *([forms.said(first)] if first else []),
            forms.said(f"{text.headline(view.severity, view.title)}\n{_now(view)}"),
            forms.field(TARGET, "To", forms.choice([("Next in line", next_ones), ("Everybody", others)], chosen)),
            forms.field(NOTE, "Note", forms.line(note, longest=state.MAX_NOTE, several=True), optional=True),
        ],
    )


def _now(view: incidents.IncidentView) -> str:
    """Who has it, and what the handoff will do."""
    by = view.incident.acknowledged_by
    owner = message.clean(view.owner.name, 100)
    who = f"{message.clean(by.name, 100)} is on it." if by else f"{owner} owns it; nobody is on it yet."
    return f"{who} {message.handing(view.incident)}"
