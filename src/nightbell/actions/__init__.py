"""The only code that changes anything: one verb a function, one transaction each."""
