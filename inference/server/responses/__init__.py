"""Responses: the JSON of completions, log-probabilities and errors."""
