"""How good a network is: measures, report, plots, test-time augmentation."""
