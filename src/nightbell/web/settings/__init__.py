"""Settings: what admins set up for their organization."""
