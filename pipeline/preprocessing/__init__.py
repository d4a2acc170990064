"""From images to network input, and random variations of them."""
