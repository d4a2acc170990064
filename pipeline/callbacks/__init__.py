"""What happens between the epochs of a training."""
