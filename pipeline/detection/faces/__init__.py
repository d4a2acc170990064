"""From a frame to its faces and their emotions."""
