"""Incidents: the list, the one incident with its buttons, opening one, and the page behind a mail's link."""
