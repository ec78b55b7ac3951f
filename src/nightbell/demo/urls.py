"""Every address of the demo: its own, and all of an installation's."""

from django.urls import include, path

from nightbell.demo import pane, views

urlpatterns = [
    path("demo/", views.start, name="demo"),
    path("demo/be/<uuid:user_id>/", views.be, name="demo_be"),
    path("demo/inbox/", views.mails, name="demo_inbox"),
    path("demo/slack/", pane.show, name="demo_slack"),
    path("demo/slack/press", pane.press, name="demo_slack_press"),
    path("demo/slack/submit", pane.submit, name="demo_slack_submit"),
    path("demo/slack/say", pane.say, name="demo_slack_say"),
    path("demo/fast-forward/", views.fast_forward, name="demo_fast_forward"),
    path("", include("nightbell.conf.urls")),
]
