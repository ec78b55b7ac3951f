"""What the demo and the tests need and no installation has: stand-ins for the outside world."""
