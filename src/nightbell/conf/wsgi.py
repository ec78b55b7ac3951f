"""What the web server calls."""

import os

from django.core.wsgi import get_wsgi_application

from nightbell.web import health

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nightbell.conf.settings")
application = health.before(get_wsgi_application())
