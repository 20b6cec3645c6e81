"""Logits to the next token of each request, and to log-probabilities."""
