"""What people type about incidents: the only place that reads those forms."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from nightbell.actions import incidents
from nightbell.core.incident import commands, state
from nightbell.web import wording
from nightbell.web.fields import Id, Lines

SEVERITIES = [(each.value, each.value.capitalize()) for each in state.Severity]
STATUSES = [(each.value, wording.STATUS[each]) for each in state.Status]
# What an owner's choice begins with that stands for whoever is on call, and the choice of that schedule's policy.
ON_CALL = "schedule:"
MATCH = "schedule"


class Owner(Id):
    """A member, or whoever is on call on a schedule."""

    def clean(self, value: object) -> Any:
        """The id, or None, or `incidents.OnCall`."""
        text = str(value)
        return (
            incidents.OnCall(super().clean(text.removeprefix(ON_CALL)))
            if text.startswith(ON_CALL)
            else super().clean(text)
        )


class Seen(forms.Form):
    """What a form showed when it was filled in. Anything else than that is as stale as can be."""

    epoch = forms.IntegerField(min_value=0, max_value=state.MAX_NUMBER)
    round = forms.IntegerField(min_value=0, max_value=state.MAX_NUMBER, required=False)
    position = forms.IntegerField(min_value=0, max_value=state.MAX_NUMBER, required=False)

    def seen(self) -> commands.Seen:
        """For the command."""
        if not self.is_valid():
            return commands.Seen(-1)
        given = self.cleaned_data
        return commands.Seen(given["epoch"], given["round"], given["position"])


class HandOff(forms.Form):
    """To whom, and why."""

    target = Id()
    note = Lines(required=False, max_length=state.MAX_NOTE)


class Resolve(forms.Form):
    """With what to remember."""

    note = Lines(required=False, max_length=state.MAX_NOTE)


class Status(forms.Form):
    """One step."""

    status = forms.TypedChoiceField(choices=STATUSES, coerce=state.Status)


class Open(forms.Form):
    """A new incident."""

    title = forms.CharField(max_length=state.MAX_TITLE)
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=state.Severity)
    description = Lines(required=False, max_length=state.MAX_DESCRIPTION)
    owner = Owner()
    policy = forms.CharField(error_messages={"required": "Choose a policy, or that there is none."})

    def clean_policy(self) -> UUID | None:
        """None where none was chosen, which has to be said, or where it is the one that pages the owner's schedule."""
        given = self.cleaned_data["policy"]
        by_schedule = isinstance(self.cleaned_data.get("owner"), incidents.OnCall)
        if given == MATCH and not by_schedule:
            raise ValidationError("Choose a policy: only a schedule brings one along.")
        if given == "none" and by_schedule:
            raise ValidationError("A schedule brings its policy along. Choose that, or another policy.")
        if given in {MATCH, "none"}:
            return None
        try:
            return UUID(given)
        except ValueError:
            raise ValidationError("There is no such escalation policy.") from None


class Filters(forms.Form):
    """What the list is narrowed to. What cannot be read narrows nothing."""

    show = forms.ChoiceField(choices=[("open", "Open"), ("resolved", "Resolved"), ("all", "All")], required=False)
    severity = forms.TypedChoiceField(
        choices=[("", "Any severity"), *SEVERITIES], coerce=state.Severity, empty_value=None, required=False
    )
    q = forms.CharField(max_length=state.MAX_TITLE, required=False)
    before = forms.IntegerField(min_value=1, max_value=state.MAX_NUMBER, required=False)
