"""Answers and callbacks: what the providers of channels ask of us."""
