"""How an installation is configured: its environment, its settings, its addresses."""
