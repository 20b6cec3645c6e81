"""Sliding-window attention over keys that stand in order: query q sees key k exactly when q - W < k <= q.

W keys, the query's own included, as in Mistral's own code, transformers and vLLM (the paper's wording reads as W + 1).
Used by training and by pre-fill.
"""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


def band(n_queries: int, n_keys: int, window: int | None, device: torch.device) -> Tensor | None:
    """Which keys the last `n_queries` of `n_keys` consecutive positions see: (n_queries, n_keys) bool, True is visible.

    None stands for plain causal attention of a whole sequence, for which faster code exists.
    """
    if n_queries == n_keys and (window is None or window >= n_keys):
        return None
    ahead = torch.arange(n_keys - n_queries, n_keys, device=device)[:, None] - torch.arange(n_keys, device=device)
    visible = ahead >= 0
    return visible if window is None else visible & (ahead < window)


def attend(q: Tensor, k: Tensor, v: Tensor, visible: Tensor | None, *, scale: float | None = None) -> Tensor:
    """q (B, H, T, D) over k and v (B, H_kv, S, D), under a mask from `band`: (B, H, T, D).

    Scores are multiplied by `scale` (None: D^-0.5).
    """
    return scaled_dot_product_attention(
        q, k, v, attn_mask=visible, is_causal=visible is None, scale=scale, enable_gqa=q.shape[1] != k.shape[1]
    )


def attend_single(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """One scaled query for each of B sequences, over rings in any order: (B * H_kv, H / H_kv, D).

    q (B * H_kv, H / H_kv, D) holds the query heads that share a key head together; k and v are (B * H_kv, S, D). `bias`
    (B * H_kv, 1, S) is 0 for a visible key and -inf otherwise; None: all are visible. Written out as matrix products,
    because the fused operator takes many times as long for a single query.
    """
    scores = torch.bmm(q, k.transpose(1, 2))
    if bias is not None:
        scores += bias
    return torch.bmm(torch.softmax(scores, dim=-1), v)
