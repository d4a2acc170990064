"""Facial emotion recognition: data, network, training callbacks and detection."""

from pathlib import Path

__version__ = "1.0.0"

# What a clone ships: the network that the detector uses, and what finds faces for it.
ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "checkpoints" / "ferplus.hdf5"
CASCADE = ROOT / "haarcascade_frontalface_default.xml"
