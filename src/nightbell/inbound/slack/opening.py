"""Opening an incident from Slack: the form of `/nightbell new`, and what pressing its button does."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from nightbell.actions import incidents as actions
from nightbell.actions import once
from nightbell.channels.slack.blocks import Block
from nightbell.core.errors import Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents, on_call, people, policies
from nightbell.inbound.slack import forms, handing, outcomes, replies

FORM = "open"
TITLE, SEVERITY, OWNER, POLICY, DESCRIPTION = "title", "severity", "owner", "policy", "description"
# What an owner's choice begins with that stands for whoever is on call.
ON_CALL = "schedule:"
FIELDS = {"owner_id": OWNER, "owner_schedule_id": OWNER, "escalation_policy_id": POLICY}
REQUEST = "slack open"


def offer(principal: Principal, trigger_id: str, response_url: str) -> str:
    """Open the form for somebody who asked; what to say to them where it does not open."""
    return handing.open_form(principal, trigger_id, _form(principal, response_url))


def submit(principal: Principal, view: Mapping[str, Any]) -> forms.Answer:
    """The button of the form. The same form sent twice opens one incident."""
    title = forms.filled(view, TITLE).strip()
    if not title:
        return forms.wrong(TITLE, "An incident has a title.")
    assert principal.actor.id is not None

    def open_it() -> once.Answer:
        opened = _open(principal, view, title)
        return once.Answer(200, f"{outcomes.called(opened)} is open, and {opened.owner.name} owns it.")

    try:
        answer = once.once(principal, REQUEST, str(view["id"]), b"", open_it)
    except Rejected as refusal:
        return forms.wrong(FIELDS.get(refusal.field or "", TITLE), refusal.message)
    if not answer.again:
        replies.privately(str(forms.kept(view).get("response_url")), answer.text)
    return {}


def _open(principal: Principal, view: Mapping[str, Any], title: str) -> incidents.IncidentView:
    owner, policy = forms.filled(view, OWNER), forms.filled(view, POLICY)
    given = actions.Opening(
        title=title,
        severity=state.Severity(forms.filled(view, SEVERITY)),
        owner_id=None,
        description=forms.filled(view, DESCRIPTION) or None,
        policy_id=UUID(policy) if policy else None,
    )
    found = UUID(owner.removeprefix(ON_CALL))
    return actions.open_for(principal, given, actions.OnCall(found) if owner.startswith(ON_CALL) else found)


def _form(principal: Principal, response_url: str) -> Block:
    known = [(str(each.id), each.name) for each in policies.listed(principal)]
    severities = [(each.value, each.value.capitalize()) for each in state.Severity]
    owners = [("Whoever is on call", _on_call(principal)), ("Somebody", _members(principal))]
    only = known[0][0] if len(known) == 1 else None
    hint = "Left empty: the policy that pages the owner's schedule. For a person: none, and only they are paged, once."
    policy = forms.choice([("Policies", known)], only)
    return forms.form(
        FORM,
        "Open an incident",
        "Open and page",
        {"response_url": response_url},
        [
            forms.field(TITLE, "What is broken?", forms.line(longest=state.MAX_TITLE)),
            forms.field(SEVERITY, "Severity", forms.choice([("Severity", severities)], state.Severity.HIGH.value)),
            forms.field(OWNER, "Owner", forms.choice(owners, str(principal.actor.id))),
            *([forms.field(POLICY, "Escalation policy", policy, optional=True, hint=hint)] if known else []),
            forms.field(
                DESCRIPTION, "Description", forms.line(longest=state.MAX_DESCRIPTION, several=True), optional=True
            ),
        ],
    )


def _members(principal: Principal) -> list[forms.Option]:
    return [(str(each.id), each.name) for each in people.active(principal)]


def _on_call(principal: Principal) -> list[forms.Option]:
    """A choice for each schedule, with who that is now."""
    return [
        (f"{ON_CALL}{each.id}", f"{each.name} · {resolved.owner.name if resolved.owner else 'nobody now'}")
        for each, resolved in on_call.everywhere(principal, clock.now())
    ]
