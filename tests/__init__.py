"""Tests that mirror the project's folders."""

from pipeline.process.imports import prepare_opencv

prepare_opencv()  # before anything imports cv2
