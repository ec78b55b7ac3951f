"""The incidents of the API."""
