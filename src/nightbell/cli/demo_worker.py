"""What the worker of the demo's web server runs: the application, and the mail server whose inbox it shows."""

from django.conf import settings

from nightbell.channels import smtp
from nightbell.cli import worker
from nightbell.demo import inbox

inbox.INBOX.listen(smtp.parse_url(settings.NIGHTBELL.smtp_url or "").port)
application = worker.application
