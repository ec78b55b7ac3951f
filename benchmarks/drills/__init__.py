"""The faults of the outside world at whole lengths, done to real processes: `python -m benchmarks.drills [ROW …]`."""
