"""Slack as a way out: what is said there, how it is called, and how often it may be."""

from nightbell.channels.slack.declaration import DECLARATION

__all__ = ["DECLARATION"]
