"""What this machine makes of Nightbell, measured: `python -m benchmarks`, or one part of it by name."""
