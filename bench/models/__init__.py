"""Models with random weights, for measurements."""
