"""The addresses Slack calls, and those that lead to it and back."""

from django.urls import path

from nightbell.inbound.slack import commands, interactivity, manifest, oauth

urlpatterns = [
    path("manifest.json", manifest.show, name="slack-manifest"),
    path("connect", oauth.connect, name="slack-connect"),
    path("oauth", oauth.callback, name="slack-oauth"),
    path("interactivity", interactivity.receive, name="slack-interactivity"),
    path("commands", commands.receive, name="slack-commands"),
]
