"""Why somebody was paged: the only place that puts the schedules, turns and overrides of a record into words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nightbell.core import policy
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents, schedules
from nightbell.web import wording
from nightbell.web.templatetags import pages

Names = Mapping[UUID, str]


def named(principal: Principal, view: incidents.IncidentView) -> incidents.IncidentView:
    """The same, with the schedules, layers and overrides that it speaks of among its names."""
    targets = [layer.target for layer in view.incident.policy.layers] if view.incident.policy else []
    spoken_of = {each.schedule_id for each in targets if isinstance(each, policy.Schedule)}
    spoken_of |= {UUID(each.data["ownerScheduleId"]) for each in view.audit_trail if each.data.get("ownerScheduleId")}
    if not spoken_of:
        return view
    names: dict[UUID, str] = dict(view.names or {})
    duties = [duty for each in view.audit_trail for duty in each.data.get("duties") or []]
    overrides = {UUID(duty["overrideId"]) for duty in duties if duty.get("overrideId")}
    for each in schedules.listed(principal):
        if each.id in spoken_of:
            names[each.id] = each.name
            names |= {layer.id: wording.plain(layer.called, 100) for layer in schedules.layers(principal, each.id)}
            names |= {row.id: _override(row) for row in schedules.overrides_by_id(principal, each.id, overrides)}
    return replace(view, names=names)


def target(data: Mapping[str, Any], names: Names) -> SafeString:
    """` → Platform on-call → weekly rotation (override by Bo until 18:00)`; empty for a layer of people."""
    given = data.get("target") or {}
    if given.get("type") != "schedule":
        return SafeString()
    schedule = wording.plain(names.get(UUID(given["scheduleId"]), wording.GONE), 100)
    said = [_duty(each, names) for each in data.get("duties") or []]
    why = format_html(" → {}", _and(said)) if said else SafeString()
    return format_html(" → {}{}", schedule, why)


def opening(data: Mapping[str, Any], names: Names) -> str:
    """How a schedule named the owner; empty where it did not."""
    if not data.get("ownerScheduleId") or not data.get("ownerBecause"):
        return ""
    schedule = wording.plain(names.get(UUID(data["ownerScheduleId"]), wording.GONE), 100)
    owner = wording.plain(names.get(UUID(data["ownerId"]), wording.SOMEBODY), 100)
    if data["ownerBecause"] == "on_call":
        return f" {owner} owns it: on call on {schedule}."
    return f" {owner} owns it: nobody was on call on {schedule}."


def _duty(duty: Mapping[str, Any], names: Names) -> SafeString:
    layer_id, override_id = duty.get("layerId"), duty.get("overrideId")
    layer = names.get(UUID(layer_id)) if layer_id else None
    said = format_html("{}", layer or f"rotation {duty['position'] + 1}")
    if not override_id:
        return said
    by = names.get(UUID(override_id)) or f"override by {wording.plain(names.get(UUID(duty['userId']), ''), 100)}"
    return format_html("{} ({})", said, by)


def _override(row: schedules.OverrideRow) -> SafeString:
    ends_today = timezone.localtime(row.ends_at).date() == timezone.localtime(row.starts_at).date()
    until = pages.minute(row.ends_at) if ends_today else pages.day(row.ends_at)
    return format_html("override by {} until {}", wording.plain(row.name, 100), until)


def _and(said: list[SafeString]) -> SafeString:
    *others, last = said
    return format_html("{} and {}", SafeString(", ").join(others), last) if others else last
