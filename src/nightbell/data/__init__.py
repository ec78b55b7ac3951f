"""Rows and SQL: the one Django app."""
