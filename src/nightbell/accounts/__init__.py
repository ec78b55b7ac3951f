"""People: how they sign in, with the account library doing the work."""
