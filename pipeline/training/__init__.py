"""A training: its plan, the fit, distillation, the learning rate."""
