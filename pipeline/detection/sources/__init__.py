"""Where frames come from: a webcam, a video or pictures."""
