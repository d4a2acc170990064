"""Facial emotion recognition: data, network, training callbacks and detection."""
