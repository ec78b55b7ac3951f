"""What admins type into settings: the only place that reads those forms."""

import re

from django import forms
from django.core.exceptions import ValidationError

from nightbell.data.reads import workspaces
from nightbell.web.fields import Lines

# How Slack names a channel, in its links and elsewhere.
CHANNEL = re.compile(r"[CG][A-Z0-9]{6,20}")


class Channels(forms.Form):
    """Where incidents are shown in Slack: links to channels, or their ids, one a line."""

    channels = Lines(required=False, max_length=5000)
    incident_channels = forms.BooleanField(required=False)
    archive_on_resolve = forms.BooleanField(required=False)

    def clean_channels(self) -> list[str]:
        """The ids, each once."""
        lines = [line.strip() for line in str(self.cleaned_data["channels"]).splitlines() if line.strip()]
        for line in lines:
            if not CHANNEL.search(line):
                raise ValidationError(f"This is no link to a channel: {line[:100]}")
        found = list(dict.fromkeys(channel for line in lines for channel in CHANNEL.findall(line)))
        if len(found) > workspaces.MAX_ALERTS_CHANNELS:
            raise ValidationError(f"At most {workspaces.MAX_ALERTS_CHANNELS} channels can be chosen.")
        return found


class Key(forms.Form):
    """A new API key."""

    name = forms.CharField(max_length=100)
