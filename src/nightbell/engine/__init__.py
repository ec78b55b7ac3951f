"""What runs by itself: deadlines, deliveries, chores."""
