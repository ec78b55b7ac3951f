"""What people type about schedules: names, zones, turns and overrides."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from nightbell.actions import overrides, schedules
from nightbell.core import oncall, zones
from nightbell.web.forms import Id

KINDS = [("daily", "Every day"), ("weekly", "Every week"), ("custom", "Every so many days")]
LOCAL = "%Y-%m-%dT%H:%M"


class Local(forms.CharField):
    """An instant typed by the wall clock of a zone, which the form is told."""

    zone = ZoneInfo("UTC")

    def clean(self, value: object) -> datetime | None:
        """The instant in UTC; what ends in Z is in UTC already. A skipped hour is read with the offset before it."""
        text = super().clean(value)
        if not text:
            return None
        found = _read(text)
        if found is None:
            raise ValidationError("This is not a day and a time.")
        return found.replace(tzinfo=UTC if text.endswith("Z") else self.zone).astimezone(UTC)


def instant(text: str) -> datetime | None:
    """An instant in a link, in UTC."""
    found = _read(text) if text.endswith("Z") else None
    return found.replace(tzinfo=UTC) if found else None


def _read(text: str) -> datetime | None:
    for shape in (LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ"):
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007 -- the zone is the form's
        except ValueError:
            continue
    return None


class InZone(forms.Form):
    """A form whose times are by the wall clock of one zone."""

    def __init__(self, zone: ZoneInfo, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, Local):
                field.zone = zone


class Schedule(forms.Form):
    """A schedule's own fields."""

    name = forms.CharField(max_length=schedules.MAX_NAME)
    timezone = forms.CharField(max_length=64)
    description = forms.CharField(required=False, max_length=schedules.MAX_DESCRIPTION)

    def clean_timezone(self) -> str:
        """An IANA name."""
        given = str(self.cleaned_data["timezone"])
        if given not in zones.names():
            raise ValidationError("This is not a time zone, like Europe/Berlin.")
        return given

    def given(self) -> schedules.Given:
        """For the action."""
        data = self.cleaned_data
        return schedules.Given(data["name"], data["timezone"], data["description"] or None)


class Layer(InZone):
    """People taking turns, in the order they are chosen."""

    kind = forms.TypedChoiceField(choices=KINDS, coerce=oncall.Kind)
    length = forms.IntegerField(min_value=1, max_value=schedules.MAX_LENGTH_DAYS, required=False)
    handoff = forms.TimeField(input_formats=["%H:%M"])
    starts = Local()
    ends = Local(required=False)
    keep = forms.BooleanField(required=False)

    def given(self, participants: list[str]) -> schedules.LayerGiven:
        """For the action."""
        data = self.cleaned_data
        return schedules.LayerGiven(
            rotation_type=data["kind"],
            handoff_time=data["handoff"],
            effective_from=data["starts"],
            participant_ids=tuple(_uuid(each) for each in participants),
            rotation_length_days=data["length"] if data["kind"] is oncall.Kind.CUSTOM else None,
            effective_until=data["ends"],
        )


class Override(InZone):
    """Somebody else for a while."""

    user = Id()
    starts = Local()
    ends = Local()
    layer = Id(required=False)

    def given(self) -> overrides.Given:
        """For the action."""
        data = self.cleaned_data
        return overrides.Given(data["user"], data["starts"], data["ends"], data["layer"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
