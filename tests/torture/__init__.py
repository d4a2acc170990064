"""What takes too long for every test run: python -m tests.torture.fuzz, .kill_training."""
