"""Log-probabilities of given tokens, and of the likeliest tokens at their positions."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from inference.engine.request import TokenLogprob


def token_logprobs(logits: Tensor, tokens: Sequence[int], n_top: Sequence[int]) -> list[TokenLogprob | None]:
    """Return, for each row of `logits` (N, V), the log-probability of `tokens[row]` and of the `n_top[row]` likeliest
    tokens (all of them, where the vocabulary is smaller).

    None for a row that is not a distribution (NaN or infinite logits). A token among the likeliest has the same float
    in both places.
    """
    logprobs = logits.float().log_softmax(dim=-1)
    given = logprobs.gather(1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0]
    best = logprobs.topk(min(max(n_top), logprobs.shape[1]), dim=-1)
    rows = zip(tokens, given.tolist(), n_top, best.indices.tolist(), best.values.tolist(), strict=True)
    return [
        TokenLogprob(token, logprob, tuple(zip(ids[:n], values[:n], strict=True))) if math.isfinite(logprob) else None
        for token, logprob, n, ids, values in rows
    ]
