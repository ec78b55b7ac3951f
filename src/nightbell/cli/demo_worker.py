"""What the worker of the demo's web server runs: the same door, and the mail server and the Slack that it shows."""

from urllib.parse import urlsplit

from django.conf import settings

from nightbell.channels.email import smtp
from nightbell.cli import worker
from nightbell.demo import inbox, workspace

_given = settings.NIGHTBELL
inbox.INBOX.listen(smtp.parse_url(_given.smtp_url or "").port)
workspace.WORKSPACE.listen(
    urlsplit(_given.slack_api_url).port or 0,
    _given.url,
    client_id=_given.slack_client_id or "",
    client_secret=_given.slack_client_secret or "",
    signing_secret=_given.slack_signing_secret or "",
)
application, door = worker.application, worker.door
