"""Django's way to PostgreSQL, which lets go of a session that has become useless."""
