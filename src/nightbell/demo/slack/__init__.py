"""A Slack of one's own: the wire format, a memory of everything, and no patience with anything unexpected."""
