"""The addresses of the pages."""

from django.urls import path

from nightbell.web import session
from nightbell.web.incidents import buttons, mail_link, open_form, resume
from nightbell.web.incidents import pages as incidents
from nightbell.web.policies import pages as policies
from nightbell.web.schedules import edits
from nightbell.web.schedules import pages as schedules
from nightbell.web.settings import keys, slack

urlpatterns = [
    path("", incidents.listing, name="incidents"),
    path("incidents", incidents.listing),
    path("incidents/new", open_form.new, name="new"),
    path("incidents/<int:number>", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge", buttons.acknowledge, name="acknowledge"),
    path("incidents/<int:number>/handoff", buttons.hand_off, name="handoff"),
    path("incidents/<int:number>/escalate", buttons.escalate, name="escalate"),
    path("incidents/<int:number>/status", buttons.change_status, name="status"),
    path("incidents/<int:number>/resolve", buttons.resolve, name="resolve"),
    path("policies", policies.listing, name="policies"),
    path("schedules", schedules.listing, name="schedules"),
    path("schedules/new", schedules.new, name="schedule-new"),
    path("schedules/<uuid:schedule_id>", schedules.schedule, name="schedule"),
    path("schedules/<uuid:schedule_id>/edit", edits.edit, name="schedule-edit"),
    path("schedules/<uuid:schedule_id>/delete", edits.delete, name="schedule-delete"),
    path("schedules/<uuid:schedule_id>/override", edits.override, name="override"),
    path("schedules/<uuid:schedule_id>/take", edits.take, name="take"),
    path("schedules/<uuid:schedule_id>/overrides/<uuid:override_id>/delete", edits.take_back, name="take-back"),
    path("schedules/<uuid:schedule_id>/layers/new", edits.layer, name="layer-new"),
    path("schedules/<uuid:schedule_id>/layers/<uuid:layer_id>", edits.layer, name="layer"),
    path("schedules/<uuid:schedule_id>/layers/<uuid:layer_id>/delete", edits.delete_layer, name="layer-delete"),
    path("shifts", schedules.mine, name="shifts"),
    path("shifts/calendar", edits.calendar, name="calendar"),
    path("settings/keys", keys.keys, name="keys"),
    path("settings/keys/<uuid:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("settings/slack", slack.slack, name="slack-settings"),
    path("settings/slack/channels", slack.choose, name="slack-channels"),
    path("settings/slack/match", slack.match, name="slack-match"),
    path("settings/slack/test", slack.test, name="slack-test"),
    path("settings/slack/disconnect", slack.disconnect, name="slack-disconnect"),
    path("paging/resume", resume.resume, name="resume-paging"),
    path("organization", session.switch, name="organization"),
    path("ack/<str:token>", mail_link.acknowledge, name="ack"),
]
