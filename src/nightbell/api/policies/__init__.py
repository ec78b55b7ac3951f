"""The escalation policies of the API, with their layers."""
