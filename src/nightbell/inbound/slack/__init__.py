"""Slack as a way in: letting us in, clicks, forms and commands."""
