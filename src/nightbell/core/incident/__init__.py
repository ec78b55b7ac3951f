"""The life of an incident: what it is, what can happen to it, and what follows."""
