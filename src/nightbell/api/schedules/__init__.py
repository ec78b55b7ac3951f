"""The schedules of the API: their rotation layers, their overrides, and who is on call."""
