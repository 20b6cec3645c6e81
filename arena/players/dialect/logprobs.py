"""Read the log-probabilities of an answer's first token, as OpenAI's chat API and its followers send them."""

import math
from collections.abc import Mapping
from typing import Any

_MAX_READ = 100
_MAX_LOGPROB = 1e-6  # of a probability of 1, with its rounding


def first_top(logprobs: Any) -> Mapping[str, float] | None:
    """Return the likeliest tokens, with their log-probabilities, at the first token that is not white space; None where
    there is no such token yet, or nothing that can be read."""
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    for entry in content[:_MAX_READ] if isinstance(content, list) else ():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("token"), str) or not entry["token"].strip():
            continue
        likeliest = entry.get("top_logprobs")
        found = [entry, *(likeliest[:_MAX_READ] if isinstance(likeliest, list) else ())]
        top = {one["token"]: float(one["logprob"]) for one in found if _is_readable(one)}
        return top or None
    return None


def _is_readable(one: Any) -> bool:
    if not isinstance(one, Mapping) or not isinstance(one.get("token"), str):
        return False
    number = one.get("logprob")
    if not isinstance(number, int | float) or isinstance(number, bool):
        return False
    return not math.isnan(number) and number <= _MAX_LOGPROB
