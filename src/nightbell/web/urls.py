"""The addresses of the pages."""

from django.urls import path

from nightbell.web import acts, incidents, links, session

urlpatterns = [
    path("", incidents.listing, name="incidents"),
    path("incidents", incidents.listing),
    path("incidents/new", incidents.new, name="new"),
    path("incidents/<int:number>", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge", acts.acknowledge, name="acknowledge"),
    path("incidents/<int:number>/handoff", acts.hand_off, name="handoff"),
    path("incidents/<int:number>/escalate", acts.escalate, name="escalate"),
    path("incidents/<int:number>/status", acts.change_status, name="status"),
    path("incidents/<int:number>/resolve", acts.resolve, name="resolve"),
    path("policies", incidents.policies, name="policies"),
    path("organization", session.switch, name="organization"),
    path("ack/<str:token>", links.acknowledge, name="ack"),
]
