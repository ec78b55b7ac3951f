"""Tells Django about the app."""

from django.apps import AppConfig


class DataConfig(AppConfig):
    """All of Nightbell's tables, under the label `nightbell`."""

    name = "nightbell.data"
    label = "nightbell"
    verbose_name = "Nightbell"
