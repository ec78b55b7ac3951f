"""What people type about schedules: names, zones, turns and overrides."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from nightbell.actions import overrides, rotations, schedules
from nightbell.core import editing, instants, oncall, zones
from nightbell.web.fields import Id

KINDS = [(each.value, each.value.capitalize()) for each in oncall.Kind]
LOCAL = "%Y-%m-%dT%H:%M"


class Local(forms.CharField):
    """An instant typed by the wall clock of a zone, which the form is told."""

    zone = ZoneInfo("UTC")

    def clean(self, value: object) -> datetime | None:
        """The instant in UTC. A skipped hour is read with the offset before it, a repeated one as its first."""
        text = super().clean(value)
        if not text:
            return None
        found = _read(text)
        if found is None or not rotations.EARLIEST.year <= found.year < rotations.LATEST.year:
            raise ValidationError("This is not a day and a time.")
        return found.replace(tzinfo=self.zone).astimezone(UTC)


def instant(text: str) -> datetime | None:
    """An instant in a link or a hidden field, in UTC."""
    try:
        at = instants.read(text)
    except ValueError:
        return None
    return at if rotations.EARLIEST.year < at.year < rotations.LATEST.year else None


def exact(at: datetime) -> str:
    """What `instant` reads."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def wall(at: datetime, zone: ZoneInfo) -> str:
    """What a `Local` shows for an instant: to the minute."""
    return at.astimezone(zone).strftime(LOCAL)


def override_query(start: datetime, end: datetime, layer_id: UUID | None) -> str:
    """What a link to the override form says of a shift."""
    given = {"from": exact(start), "to": exact(end)}
    return "?" + urlencode(given | ({"layer": str(layer_id)} if layer_id else {}))


def _read(text: str) -> datetime | None:
    for shape in (LOCAL, "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007 -- the zone is the form's
        except ValueError:
            continue
    return None


class InZone(forms.Form):
    """A form whose times are by the wall clock of one zone.

    A wall clock tells no seconds and says some hours twice: the instant that a field showed comes along, hidden,
    and holds as long as nobody has typed another time.
    """

    def __init__(self, zone: ZoneInfo, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        for field in self.fields.values():
            if isinstance(field, Local):
                field.zone = zone

    def clean(self) -> dict[str, Any]:
        """With the exact instants."""
        for name, field in self.fields.items():
            at = instant(self.data.get(f"{name}-exact", ""))
            if isinstance(field, Local) and at and wall(at, self.zone) == self.data.get(name):
                self.cleaned_data[name] = at
        return self.cleaned_data

    def exact(self) -> dict[str, str]:
        """What the hidden fields carry on."""
        given = self.data if self.is_bound else self.initial
        return {name: given.get(f"{name}-exact", "") for name in self.fields}


class Schedule(forms.Form):
    """A schedule's own fields."""

    name = forms.CharField(max_length=schedules.MAX_NAME)
    timezone = forms.CharField(max_length=64)
    description = forms.CharField(required=False, max_length=schedules.MAX_DESCRIPTION)
    version = forms.IntegerField(required=False)

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

    name = forms.CharField(required=False, max_length=rotations.MAX_NAME)
    kind = forms.TypedChoiceField(choices=KINDS, coerce=oncall.Kind)
    length = forms.IntegerField(min_value=1, max_value=rotations.MAX_LENGTH_DAYS, required=False)
    handoff = forms.TimeField(input_formats=["%H:%M"])
    starts = Local()
    ends = Local(required=False)
    first = Local(required=False)
    keep = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False)

    def draft(self, participants: list[str]) -> editing.Draft:
        """For the action."""
        data = self.cleaned_data
        return editing.Draft(
            kind=data["kind"],
            handoff_time=data["handoff"],
            effective_from=data["starts"],
            participants=tuple(_uuid(each) for each in participants),
            length_days=data["length"] if data["kind"] is oncall.Kind.CUSTOM else None,
            effective_until=data["ends"],
            name=data["name"] or None,
            rotation_start=data["first"],
        )


class Override(InZone):
    """Somebody else for a while."""

    user = Id()
    starts = Local()
    ends = Local()
    layer = Id(required=False)

    def clean_layer(self) -> UUID | None:
        """None where none was chosen, and nothing else is."""
        found: UUID | None = self.cleaned_data["layer"]
        if found is None and self.data.get("layer"):
            raise ValidationError("There is no such rotation in this schedule.")
        return found

    def given(self) -> overrides.Given:
        """For the action."""
        data = self.cleaned_data
        return overrides.Given(data["user"], data["starts"], data["ends"], data["layer"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
