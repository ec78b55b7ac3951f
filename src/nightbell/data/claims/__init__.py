"""The hot statements: open an incident, claim due ones, claim messages, settle them."""
