"""Measurements behind the README's figures; run them as modules from the repository."""
