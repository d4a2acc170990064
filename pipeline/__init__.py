"""Facial emotion recognition: data, network, training callbacks and detection."""

__version__ = "1.0.0"
