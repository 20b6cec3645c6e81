"""Responses as they go over the wire: the JSON of completions, of log-probabilities and of errors."""
