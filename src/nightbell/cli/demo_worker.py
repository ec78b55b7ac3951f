"""What the worker of the demo's web server runs: the same door, and the mail server and the Slack that it shows."""

from urllib.parse import urlsplit

from django.conf import settings

from nightbell.channels.email import smtp
from nightbell.channels.email.settings import MailSettings
from nightbell.channels.slack.settings import SlackSettings
from nightbell.cli import worker
from nightbell.demo import inbox, workspace

_given, _app = settings.NIGHTBELL.of(MailSettings), settings.NIGHTBELL.of(SlackSettings)
inbox.INBOX.listen(smtp.parse_url(_given.smtp_url or "").port)
workspace.WORKSPACE.listen(
    urlsplit(_app.slack_api_url).port or 0,
    settings.NIGHTBELL.url,
    client_id=_app.slack_client_id or "",
    client_secret=_app.slack_client_secret or "",
    signing_secret=_app.slack_signing_secret or "",
)
application, door = worker.application, worker.door
