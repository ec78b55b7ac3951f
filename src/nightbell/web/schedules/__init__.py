"""Schedules: who is on call, drawn and said; overrides, rotations and their forms."""
