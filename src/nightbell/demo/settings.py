"""What the demo adds to an installation's settings; the command line puts the two together."""

# First, so that its templates come before those they extend.
INSTALLED_APP = "nightbell.demo"
ROOT_URLCONF = "nightbell.demo.urls"
CONTEXT_PROCESSOR = "nightbell.demo.views.bar"
