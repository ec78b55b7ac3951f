"""The people of the API."""
