"""Who is asking, and what they may see and do: the only way for web and API to rows."""
