"""Measurements behind the documents' figures: python -m benchmarks.NAME in the repository."""
