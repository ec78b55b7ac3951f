"""The ways out: how a page or a notice reaches a person."""
