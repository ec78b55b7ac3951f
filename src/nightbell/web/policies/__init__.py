"""Escalation policies: what an incident walks through."""
