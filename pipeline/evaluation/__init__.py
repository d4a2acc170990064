"""How good a network is: measures, report, test-time augmentation."""
