"""Where frames come from: a webcam, a video, a stream or pictures."""
