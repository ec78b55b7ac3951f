"""The addresses of the pages."""

from django.urls import path

from nightbell.web import acts, holds, incidents, integrations, links, opening, schedules, session, turns

urlpatterns = [
    path("", incidents.listing, name="incidents"),
    path("incidents", incidents.listing),
    path("incidents/new", opening.new, name="new"),
    path("incidents/<int:number>", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge", acts.acknowledge, name="acknowledge"),
    path("incidents/<int:number>/handoff", acts.hand_off, name="handoff"),
    path("incidents/<int:number>/escalate", acts.escalate, name="escalate"),
    path("incidents/<int:number>/status", acts.change_status, name="status"),
    path("incidents/<int:number>/resolve", acts.resolve, name="resolve"),
    path("policies", incidents.policies, name="policies"),
    path("schedules", schedules.listing, name="schedules"),
    path("schedules/new", schedules.new, name="schedule-new"),
    path("schedules/<uuid:schedule_id>", schedules.schedule, name="schedule"),
    path("schedules/<uuid:schedule_id>/edit", turns.edit, name="schedule-edit"),
    path("schedules/<uuid:schedule_id>/delete", turns.delete, name="schedule-delete"),
    path("schedules/<uuid:schedule_id>/override", turns.override, name="override"),
    path("schedules/<uuid:schedule_id>/take", turns.take, name="take"),
    path("schedules/<uuid:schedule_id>/overrides/<uuid:override_id>/delete", turns.take_back, name="take-back"),
    path("schedules/<uuid:schedule_id>/layers/new", turns.layer, name="layer-new"),
    path("schedules/<uuid:schedule_id>/layers/<uuid:layer_id>", turns.layer, name="layer"),
    path("schedules/<uuid:schedule_id>/layers/<uuid:layer_id>/delete", turns.delete_layer, name="layer-delete"),
    path("shifts", schedules.mine, name="shifts"),
    path("shifts/calendar", turns.calendar, name="calendar"),
    path("settings/slack", integrations.slack, name="slack-settings"),
    path("settings/slack/channels", integrations.choose, name="slack-channels"),
    path("settings/slack/match", integrations.match, name="slack-match"),
    path("settings/slack/test", integrations.test, name="slack-test"),
    path("settings/slack/disconnect", integrations.disconnect, name="slack-disconnect"),
    path("paging/resume", holds.resume, name="resume-paging"),
    path("organization", session.switch, name="organization"),
    path("ack/<str:token>", links.acknowledge, name="ack"),
]
