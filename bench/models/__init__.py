"""Models with random weights to measure with, and the least that a step must read and compute."""
