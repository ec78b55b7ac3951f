"""The queries behind pages and lists."""
