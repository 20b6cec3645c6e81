"""Models with random weights to measure with, and what a step of them must read or compute."""
