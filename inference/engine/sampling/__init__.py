"""Choose the next token of each request, and compute log-probabilities."""
