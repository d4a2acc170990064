"""Settings and training recipes: plain constants, no third-party imports."""
