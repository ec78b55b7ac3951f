"""Mail as a way out: what is said there, and the conversation with the server."""
