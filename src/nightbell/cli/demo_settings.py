"""Django's settings in the demo: an installation's, and what the demo adds. No other verb uses them."""

from copy import deepcopy
from typing import Any

from nightbell.conf import settings
from nightbell.conf.settings import *  # noqa: F403 -- settings are a module's names
from nightbell.demo import settings as demo

INSTALLED_APPS = [demo.INSTALLED_APP, *settings.INSTALLED_APPS]
ROOT_URLCONF = demo.ROOT_URLCONF
TEMPLATES = deepcopy(settings.TEMPLATES)
_options: Any = TEMPLATES[0]["OPTIONS"]
_options["context_processors"].append(demo.CONTEXT_PROCESSOR)
