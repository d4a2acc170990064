"""What takes too long for every test run: make torture, or one by itself with python -m."""
