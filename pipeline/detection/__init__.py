"""From a frame to its faces, their emotions, and what is shown of them."""
