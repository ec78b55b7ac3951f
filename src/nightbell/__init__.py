"""A self-hosted incident pager."""
